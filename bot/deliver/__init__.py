"""Delivering what is pending to Slack's channels; nothing here asks MetaStudio."""

"""Polls MetaStudio for the followed jobs, and records changes; nothing here calls Slack."""

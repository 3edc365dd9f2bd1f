"""Asks MetaStudio for the followed jobs, and records what changed; nothing here talks to Slack."""

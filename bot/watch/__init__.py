"""Asking MetaStudio how the followed jobs are, and recording changes; nothing here speaks to Slack."""

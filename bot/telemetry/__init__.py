"""Observability: the log, metrics and readiness; nothing here changes what the bot does."""

"""Slack API client: Socket Mode and HTTP mode, tokens, sending within rate limits. No message texts."""

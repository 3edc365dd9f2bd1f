"""Slack's side: connecting, signing in, sending within limits. What is said and when is not decided here."""

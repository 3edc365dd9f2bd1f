"""Slack's side: connecting, signing in, and sending within rate limits. Others decide what is sent."""

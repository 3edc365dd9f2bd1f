"""Slack on loopback: the Web API, Socket Mode, HTTP mode, interactions and limits, as documented."""

"""Slack: the Web API, Socket Mode, interactions and limits, as its documentation has them."""

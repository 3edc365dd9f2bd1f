"""Slack and MetaStudio on loopback, for the demo and the tests; nothing else may import them."""

"""PURE. Jobs, subscriptions, rate limits, Slack's error codes: no I/O, no clock, no message layout."""

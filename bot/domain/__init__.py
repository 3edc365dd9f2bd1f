"""The rules of jobs and subscriptions, PURE: no I/O, no clock, and nothing of how a message looks."""

"""The outbox: delivers pending messages to Slack channels and records the result. No MetaStudio calls."""

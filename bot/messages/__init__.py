"""PURE. Block Kit messages and their sentences; when and where one is sent is decided elsewhere."""

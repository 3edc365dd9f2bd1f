"""MetaStudio on loopback: the voice training API, the gateway before it, and IAM's token endpoint."""

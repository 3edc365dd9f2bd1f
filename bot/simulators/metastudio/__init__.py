"""MetaStudio: the API, the gateway before it, and IAM, as their documentation has them."""

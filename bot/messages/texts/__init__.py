"""The words that people read, PURE: a module for each language."""

"""MetaStudio's side: the one folder that imports httpx."""

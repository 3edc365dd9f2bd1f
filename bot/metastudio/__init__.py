"""MetaStudio API client: authentication, throttling, errors. Only this folder imports httpx; no Slack."""

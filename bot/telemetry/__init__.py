"""How the bot is: the log, metrics and readiness; nothing here changes what the bot does."""

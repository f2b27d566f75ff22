"""Places where people call the bot, each behind the same port."""

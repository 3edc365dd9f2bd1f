"""``voicejob demo``: the story in the terminal, and the page. The services around the bot are simulators/."""

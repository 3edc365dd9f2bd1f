"""``voicejob demo``: the story in the terminal, and the web page, both with the real bot and simulators/."""

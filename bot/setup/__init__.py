"""What ``voicejob init`` asks, how it tries the answers, and how it writes ``.env``."""

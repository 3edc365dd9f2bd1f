"""What ``voicejob check`` tries, a module for each part. ``voicejob run`` uses ``settings`` alone."""

"""What ``voicejob check`` tries, a module for each part."""

"""What people read, PURE: Block Kit and sentences. What is sent, and when, is not decided here."""

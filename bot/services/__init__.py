"""What people can do, as answers to a caller: no payload of Slack's is read here."""

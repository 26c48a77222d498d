"""Messages to people: by apprise, in a process of its own, and by Slack's API."""

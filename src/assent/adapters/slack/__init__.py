"""An own app in Slack: messages with buttons, and what was pressed."""

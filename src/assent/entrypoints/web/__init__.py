"""The web inbox and the JSON API of one running Assent, on loopback."""

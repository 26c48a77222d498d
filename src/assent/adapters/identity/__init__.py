"""Keys and signatures: checking those of people, making those of the server."""

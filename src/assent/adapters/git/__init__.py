"""git by its command line, with an environment that nothing of the user's or an agent's reaches."""

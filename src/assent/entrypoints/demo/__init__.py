"""A sample repository, a scripted agent and a throw-away Assent, to see the whole of it at work."""

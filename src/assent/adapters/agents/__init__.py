"""Coding agents: one folder each; the modules beside them are what the agents have in common."""

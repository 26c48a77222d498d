"""Telling people what waits for them, or was done in their name: once, in time, with a link."""

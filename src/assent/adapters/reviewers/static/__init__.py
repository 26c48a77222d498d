"""Reviewers that need nothing but the difference, and the project's own linters."""

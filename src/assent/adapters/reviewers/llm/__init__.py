"""A reviewer that is a language model, asked in a process of its own."""

from assent.adapters.reviewers.llm.reviewer import ModelReviewer

__all__ = ["ModelReviewer"]

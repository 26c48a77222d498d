"""Who looks at a revision besides people: reviewers that only read, the project's own checks, and a
language model where the policy names one."""

from assent.adapters.reviewers.policy_reviewers import PolicyReviewers

__all__ = ["PolicyReviewers"]

"""Checkpoints of work trees: taken before calls, held against what was approved, restored."""

"""Ratios that tell whether Assent is fast enough, each measured interleaved with its yardstick.

    python -m benchmarks [NAME ...] [--quick] [--json FILE]

A machine's own speed cancels out of a ratio: both sides run in turns, in one run. The budgets are
those of the design; `docs/how-to/benchmarks.md` says how to read the table.
"""

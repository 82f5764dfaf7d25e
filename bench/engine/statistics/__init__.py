"""Pure functions from log ratios to estimates, intervals and verdicts."""

"""Optimisation work that was published before: measured again, and told pattern by pattern."""

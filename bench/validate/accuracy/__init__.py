"""Predicted savings compared with measured ones, at commits that deferred imports."""

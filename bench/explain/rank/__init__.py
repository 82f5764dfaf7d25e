"""Opportunities: imports that can be deferred, what that saves, verified by running it."""

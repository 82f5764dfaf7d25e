"""What keeps deferred modules deferred: a test, settings of ruff, and a check of a revision."""

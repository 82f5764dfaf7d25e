"""Where a revision's files come from that are not installed: its tests, its suites."""

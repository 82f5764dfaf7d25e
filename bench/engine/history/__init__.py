"""A series of pairs along a history, all with the same base."""

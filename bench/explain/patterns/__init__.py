"""Shapes of slow code besides imports, each with what it costs in a scenario."""

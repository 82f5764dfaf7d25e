"""Causes of slowness besides imports, each with what it costs in a scenario."""

"""The one place that reads and writes `data/`."""

"""Where a benchmark's time and memory go, in one revision or between two."""

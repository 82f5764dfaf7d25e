"""Which one commit of a range changed a benchmark: a noisy binary search."""

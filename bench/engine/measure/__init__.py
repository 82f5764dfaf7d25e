"""Run both sides of a round and account for every process."""

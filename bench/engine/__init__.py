"""A pair of revisions: environments, rounds, store, statistics, verdict."""

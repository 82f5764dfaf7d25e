"""The suites that projects have: which benchmarks are in them, and their files while measured."""

"""Suites that projects have: programs that run in the measured project's own interpreter."""

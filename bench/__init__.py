"""Reproducible before/after benchmarks of Python projects."""

"""Counters beside time: a second witness of what changed, never a proxy for it."""

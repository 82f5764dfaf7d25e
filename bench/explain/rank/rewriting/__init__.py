"""Deferred imports as source text, in each form that Python has for them; by LibCST."""

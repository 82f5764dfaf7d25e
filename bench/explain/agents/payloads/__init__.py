"""Holds programs that run in the subject's interpreter."""

"""Holds a program that runs in the subject's interpreter."""

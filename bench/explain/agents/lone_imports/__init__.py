"""A program for the subject's interpreter: each module of a list imported by itself."""

"""A program that runs in the measured processes; nothing here is imported by the harness."""

"""One user command followed through all its processes: when it did what, and what it waited for."""

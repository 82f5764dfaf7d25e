"""The edges: processes, files and locks of the operating system."""

"""A project that no file declares → its target, read from the project itself. Runs none of it."""

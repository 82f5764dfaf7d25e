"""Programs that run inside the interpreter of what is measured."""

"""How figures, tables, text and pictures look; below everything that shows something."""

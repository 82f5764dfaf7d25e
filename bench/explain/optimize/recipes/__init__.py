"""Kinds of changes, a file each: a module here has a `RECIPE`, and needs no entry elsewhere."""

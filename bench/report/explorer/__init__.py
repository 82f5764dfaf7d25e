"""The explorer: everything that was measured on one static page, made by `bench site`."""

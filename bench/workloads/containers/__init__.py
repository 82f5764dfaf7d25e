"""Container engines, and the images of revisions that they build."""

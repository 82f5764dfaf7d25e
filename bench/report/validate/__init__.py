"""Pages and pictures: validate."""

"""Pages and pictures: rank."""

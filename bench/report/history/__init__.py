"""Pages and pictures: history."""

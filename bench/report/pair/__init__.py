"""Pages and pictures: pair."""

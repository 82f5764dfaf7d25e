"""Pages and pictures: figures."""

"""Pages and pictures: stack."""

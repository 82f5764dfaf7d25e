"""Where time goes and what to change."""

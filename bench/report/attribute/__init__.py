"""Pages of attributions."""

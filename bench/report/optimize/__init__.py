"""Pages, pictures and pull-request texts: optimize."""

"""Pages of tested claims."""

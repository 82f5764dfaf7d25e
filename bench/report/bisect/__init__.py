"""Pages of bisections."""

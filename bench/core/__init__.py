"""Values every other room shares: no side effects, no imports from elsewhere in bench."""

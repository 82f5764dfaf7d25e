"""A range's change split among its commits."""

"""Which imports of a scenario could wait, what that would save, and whether it really does."""

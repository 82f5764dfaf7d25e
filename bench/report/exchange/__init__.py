"""What was measured, in forms that other programs read."""

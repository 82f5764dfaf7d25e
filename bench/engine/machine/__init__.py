"""What machine this is, and how noisy."""

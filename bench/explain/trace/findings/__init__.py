"""Rules over a timeline: costs at the boundaries between processes, and what would save them."""

"""Programs that stand in for a pyperf script: they start what is measured, and tell values."""

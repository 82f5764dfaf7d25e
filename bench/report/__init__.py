"""From `data/` to the write-up under `results/`."""

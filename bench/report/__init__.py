"""From `data/` to the write-up under `results/`."""

import os

os.environ["MPLBACKEND"] = "agg"  # pictures are files; what a user has chosen may not be here

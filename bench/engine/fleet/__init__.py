"""One pair on several machines: who measures which block, and what is still missing."""

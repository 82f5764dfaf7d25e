"""The case study of a target: one page, told from what was measured."""

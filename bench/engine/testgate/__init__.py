"""Are both revisions still correct? Their own tests, in fresh checkouts, before measuring."""

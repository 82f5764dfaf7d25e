"""From a revision to an installed, proven environment for one Python."""

"""Programs that run in the Python of a measured container."""

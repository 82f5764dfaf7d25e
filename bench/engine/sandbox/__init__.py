"""Measured code, tests and builds see their own folders, processes and network, and no others."""

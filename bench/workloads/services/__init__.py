"""Servers that answer measured processes; programs that `measure/network.py` has started."""

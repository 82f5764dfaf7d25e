"""Servers that answer measured processes; programs that `engine/measure/network.py` has started."""

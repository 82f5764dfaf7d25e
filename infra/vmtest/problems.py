"""The one kind of failure the cycle reports without a traceback."""

from __future__ import annotations


class VmError(Exception):
    """Something on this host or in the machine under test is not as it has to be."""

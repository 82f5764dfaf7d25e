"""Readable JSON of what is kept."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec


def pretty(value: msgspec.Struct) -> bytes:
    """Indented JSON. Paths in the home directory name a person, and no other machine has them."""
    plain = msgspec.json.encode(value)
    if Path.home() != Path("/"):
        home = re.escape(f"{Path.home()}/".encode())
        plain = re.sub(rb'(?<=["\s=])' + home, b"~/", plain)
    return msgspec.json.format(plain, indent=1) + b"\n"

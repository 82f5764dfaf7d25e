"""A digest on each line of `rounds.jsonl`, over the line and the digest before it.

The first line's digest is over that of `run.json`. A line that was changed, removed, repeated,
moved or taken from another run breaks the chain there. Who writes the whole file anew can make
another chain: the digest of the last line, which the measuring process holds and a report prints,
tells the two apart.
"""

from __future__ import annotations

import hashlib

_DIGITS = 32
_KEY = b',"digest":"'
_END = b'"}'
_TAIL = len(_KEY) + _DIGITS + len(_END)


def first_digest(manifest: bytes) -> str:
    """What the first line is chained to: a digest of `run.json` as it is on disk."""
    return hashlib.sha256(manifest).hexdigest()[:_DIGITS]


def chained(line: bytes, before: str) -> tuple[bytes, str]:
    """A JSON object with its digest as the last member, and that digest."""
    digest = _digest(line, before)
    return line[:-1] + _KEY + digest.encode() + _END, digest


def follow(line: bytes, before: str) -> str:
    """The digest of a chained line; "" when it is not what was written behind `before`."""
    body, tail = line[:-_TAIL] + b"}", line[-_TAIL:]
    digest = _digest(body, before)
    return digest if tail == _KEY + digest.encode() + _END else ""


def _digest(line: bytes, before: str) -> str:
    return hashlib.sha256(before.encode() + line).hexdigest()[:_DIGITS]

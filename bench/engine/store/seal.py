"""Whether files under `data/` are those that something was made from.

Each file there ends in a digest of all before it: its length and its last bytes tell it from what
it was before. What was changed further up is found by whoever reads it whole, as a report of
everything does. Runs of the first format have no such digest, and change their length.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

_END = 256
_DIGITS = 32


def seal(data: Path, files: Iterable[Path]) -> str:
    """A digest of some files' places, lengths and ends; what can't be read is part of it too."""
    content, root = hashlib.sha256(), len(os.fsencode(data))
    for file in sorted(map(os.fsencode, files)):
        content.update(file[root:] + b"\0" + _end(file) + b"\0")
    return content.hexdigest()[:_DIGITS]


def _end(file: bytes) -> bytes:
    """The length and the last bytes of a file; a link is not followed."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return f"{error.strerror}".encode()
    try:
        length = os.fstat(number).st_size
        last = os.pread(number, _END, max(0, length - _END))
    except OSError as error:
        return f"{error.strerror}".encode()
    finally:
        os.close(number)
    return f"{length} ".encode() + last

"""The conditions a replay service answers under: distance, bandwidth, size, and what goes wrong.

All chance comes from a seed, the endpoint, and how many requests it had before: the same requests
meet the same conditions each time.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bench.core.errors import UsageError

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
# An error status, bytes that are no HTTP answer's JSON, no answer at all, a closed connection, or
# a service that dies.
Failure = Literal["status", "garbage", "hang", "close", "die"]


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How requests to the paths that `path` matches (`/ai/*`) are answered.

    Each answer waits for `latency_s`, a random part of `jitter_s`, and the time that its bytes and
    the request's take at `bandwidth_bytes_s` (0: none). JSON objects are filled up to
    `payload_bytes`. A share of `error_rate` fails by way of `error`.
    """

    path: str = "*"
    latency_s: Seconds = 0.0
    jitter_s: Seconds = 0.0
    bandwidth_bytes_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    payload_bytes: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 0
    error_rate: Share = 0.0
    error: Failure = "status"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seed: int = 0
    endpoint: tuple[Condition, ...] = ()


class Fate(msgspec.Struct, frozen=True):
    """What is in store for one request."""

    wait_s: float = 0.0
    bandwidth_bytes_s: float = 0.0
    payload_bytes: int = 0
    failure: Failure | None = None

    def seconds(self, transferred_bytes: int) -> float:
        """How long its answer is held back, given the bytes of both bodies."""
        if not self.bandwidth_bytes_s:
            return self.wait_s
        return self.wait_s + transferred_bytes / self.bandwidth_bytes_s


class Conditions:
    """The conditions of a service: of those given, the first that matches a path holds."""

    def __init__(self, given: Sequence[Condition] = (), seed: int = 0) -> None:
        self._given = tuple(given)
        self._seed = seed
        self._asked: Counter[str] = Counter()

    def meet(self, method: str, path: str) -> Fate:
        """What happens to the next request for an endpoint."""
        condition = next((one for one in self._given if fnmatchcase(path, one.path)), None)
        if condition is None:
            return _UNDISTURBED
        endpoint = f"{method} {path}"
        number = self._asked[endpoint]
        self._asked[endpoint] += 1
        chance = random.Random(f"{self._seed}/{endpoint}/{number}")
        wait_s = condition.latency_s + condition.jitter_s * chance.random()
        failure = condition.error if chance.random() < condition.error_rate else None
        return Fate(wait_s, condition.bandwidth_bytes_s, condition.payload_bytes, failure)


_UNDISTURBED = Fate()


def read_conditions(file: Path) -> Conditions:
    """Conditions from a TOML file (`seed`, and tables `[[endpoint]]`); raises `UsageError`."""
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=_File)
    except OSError as error:
        raise UsageError(f"The conditions cannot be read: {error}") from error
    except ValueError as error:  # of TOML, or of what it says
        keys = ", ".join(Condition.__struct_fields__)
        raise UsageError(f"{file}: {error}", f"Keys of an [[endpoint]]: {keys}.") from error
    return Conditions(read.endpoint, read.seed)


def filled_up(body: bytes, size: int) -> bytes:
    """A JSON object with a field of padding, so that it is (about) so many bytes; or as it is."""
    missing = size - len(body)
    if missing <= 0 or not body.startswith(b"{") or not body.rstrip().endswith(b"}"):
        return body
    text = b"".join(itertools.islice(itertools.cycle((b"0123456789abcdef",)), missing // 16 + 1))
    inside = body.rstrip()[:-1]
    comma = b"" if inside.strip() == b"{" else b","
    return inside + comma + b'"padding":"' + text[:missing] + b'"}'

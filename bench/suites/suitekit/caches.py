"""The ``functools`` caches of the measured package: found, not named, so that none is left out.

In a short process a string is read once or a few times; in a loop, what a package remembers of it
would be all that is measured. A revision that adds or drops a cache is treated like any other.
"""

from __future__ import annotations

import functools
import sys
from typing import Protocol


class Cache(Protocol):
    """A function wrapped by ``functools.lru_cache``."""

    def cache_clear(self) -> None:
        """Forget everything."""


def find_caches(package: str) -> list[Cache]:
    """Return the caches in a package's modules, and in their classes, that hold something.

    Exact types only: ``isinstance`` would wake the lazy objects of a vendored ``six``.
    """
    kind = type(functools.lru_cache(len))
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == package]
    values = [value for module in modules for value in vars(module).values()]
    for holder in [value for value in values if type(value) is type]:
        methods = vars(holder).values()
        values += [m.__func__ if type(m) in {classmethod, staticmethod} else m for m in methods]
    caches = {id(value): value for value in values if type(value) is kind}
    return [cache for cache in caches.values() if cache.cache_info().currsize]

"""pip's resolver merging a constraint with a requirement of the same project, hashes on both.

One call merges 50 times what a lock file has of a large release: 44 hashes, as many as numpy has
files. ``thousand`` merges once what no release has: a thousand hashes on either side, the size that
the change of June 2026 was published for (pull request 14106 of pip). Constraints are made the way
the resolver makes them, from a requirement; a process merges each project once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyperf
from pip._internal.req.constructors import install_req_from_line
from pip._internal.resolution.resolvelib.base import Constraint

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pip._internal.req.req_install import InstallRequirement

NAME = "pip_constraint_hashes"
# Of each kind: hashes on either side, merges a call.
KINDS = {"": (44, 50), "thousand": (1_000, 1)}


def build_digests(count: int) -> list[str]:
    """Return SHA-256 digests, the same every time."""
    return [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]


def requirement_with(digests: Sequence[str]) -> InstallRequirement:
    """Return a pinned requirement with these hashes, as a requirements file gives it."""
    return install_req_from_line("numpy==2.4.0", hash_options={"sha256": list(digests)})


def merge(constraint: Constraint, requirement: InstallRequirement, times: int) -> Constraint:
    """Do what is timed: merge, and return the last result."""
    merged = constraint
    for _ in range(times):
        merged = constraint & requirement
    return merged


def check(merged: Constraint, shared: Sequence[str], other: str) -> None:
    """Refuse to time a merge that loses a hash that both have, or keeps one that one has."""
    allowed = [merged.hashes.is_hash_allowed("sha256", digest) for digest in shared]
    if not all(allowed) or merged.hashes.is_hash_allowed("sha256", other):
        msg = f"pip keeps {sum(allowed)} of {len(shared)} hashes that both sides have"
        raise RuntimeError(msg)


def pass_on(words: list[str], told: argparse.Namespace) -> None:
    """Give the argument to the workers that pyperf starts."""
    words.extend(filter(None, [told.kind]))


def main() -> None:
    """Check, then time."""
    runner = pyperf.Runner(add_cmdline_args=pass_on)
    runner.argparser.add_argument("kind", nargs="?", default="", choices=KINDS)
    kind = runner.parse_args().kind
    count, times = KINDS[kind]
    digests = build_digests(count + 1)
    constraint = Constraint.from_ireq(requirement_with(digests[:-1]))
    requirement = requirement_with(digests[:0:-1])
    check(merge(constraint, requirement, 1), digests[1:-1], digests[0])
    runner.metadata["description"] = f"pip: merge {times} times {count} hashes with {count}"
    name = f"{NAME}_{kind}" if kind else NAME
    runner.bench_func(name, merge, constraint, requirement, times)


if __name__ == "__main__":
    main()

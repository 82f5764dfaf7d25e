"""The pinned corpus: a small shipping library with its tests, read by scripts and never run.

It was written for this purpose, belongs to no measured project, and does not change when one does.
Whoever edits it raises the version in ``base.toml``: figures before and after are not comparable.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "bm_codeflash_context" / "data"
PACKAGE = ROOT / "parcel"
TESTS = ROOT / "tests"

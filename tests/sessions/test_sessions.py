"""Sessions: their list, and that each works in a fresh clone with what it installs itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each imports all its command needs, and does no more than that.
HELP = (
    "bench", "bench-codeflash", "profile", "trace", "attribute", "bisect", "rank", "optimize",
    "guard", "report", "site", "claims", "selfcheck", "accuracy", "prior-art", "clean", "tests",
    "tests-slow", "fleet",
)  # fmt: skip
WORDS = {
    "calibrate": ("--dry-run", "--group", "cli"),  # finds pyperformance, which it does not import
    "provision": ("localhost", "--syntax-check"),
    "lint": (),
}
# Programs and packages that a command looks for while it works.
WORKS_WITH = {
    "profile": ("py-spy --version", "python -c 'import memray, objgraph'"),
    "rank": ("ruff --version",),
    "optimize": ("ruff --version",),
    "accuracy": ("ruff --version",),
    "site": ("npm --version",),
}
# The same as bench-codeflash; and what downloads hundreds of megabytes or needs root.
NOT_TRIED = {"bench-rich", "bench-pip", "bench-any-llm", "bench-codeflash-image", "tests-infra"}


def nox(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BENCH_")}
    return subprocess.run(
        [sys.executable, "-m", "nox", "-f", str(root / "noxfile.py"), "--nocolor", *words],
        env={**environ, **variables},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def sessions(**variables: str) -> list[str]:
    listed = nox(ROOT, "-l", **variables).stdout
    return re.findall(r"^[-*] (\S+) ", listed, re.MULTILINE)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would clone now, without measurements and write-ups."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if name.partition("/")[0] not in {"data", "results", "profiles"} and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_the_list_fits_a_screen() -> None:
    lines = nox(ROOT, "-l").stdout.splitlines()
    assert len(lines) <= 31
    assert max(map(len, lines)) <= 80


def test_targets_of_the_user_have_sessions(tmp_path: Path) -> None:
    for name in ("mine", "ours", "_example"):
        (tmp_path / f"{name}.toml").write_text(f"private = {str(name == 'ours').lower()}")
    (tmp_path / "broken.toml").write_text("oops")
    repos = tmp_path / "repos"
    listed = sessions(BENCH_TARGETS=str(tmp_path), BENCH_REPOS=str(repos))
    assert {one for one in listed if one.startswith("bench")} == {
        "bench", "bench-mine", "bench-broken",
    }  # fmt: skip
    (repos / "ours").mkdir(parents=True)
    assert "bench-ours" in sessions(BENCH_TARGETS=str(tmp_path), BENCH_REPOS=str(repos))


def test_every_session_is_tried(tmp_path: Path) -> None:
    assert set(sessions(BENCH_REPOS=str(tmp_path))) == {*HELP, *WORDS, *NOT_TRIED}


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("session", [*HELP, *WORDS])
def test_session_in_a_fresh_clone(session: str, clone: Path) -> None:
    done = nox(clone, "-s", session, "--", *WORDS.get(session, ("--help",)))
    assert done.returncode == 0, done.stdout + done.stderr
    programs = f"{clone}/.nox/{session}/bin:/usr/bin:/bin"
    for command in WORKS_WITH.get(session, ()):
        subprocess.run(command, shell=True, env={"PATH": programs}, check=True)
    shutil.rmtree(clone / ".nox" / session)

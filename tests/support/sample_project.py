"""The sample project: what its files hold, and a git repository with a commit for every case.

main:      v1.0.0 ── v1.0.1 ── v1.1.0 ── v1.2.0 ── fails ── hangs ── counts (main)
              └─ feature~1 ── feature
branches:  broken-build, hanging-build, locked, wants-old, wants-new, pinned-old,
           single-file (on v1.0.0)
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

BACKEND = Path(__file__).with_name("tiny_backend.py").read_text(encoding="utf-8")

_PYPROJECT = """\
[build-system]
requires = []
build-backend = "tiny_backend"
backend-path = ["."]

[project]
name = "sample-project"
version = "{version}"
requires-python = ">=3.11"
dependencies = [{dependencies}]

[project.scripts]
sample = "sample.cli:main"
{scripts}
[tool.tiny]
files = ["sample/*.py"]
{build}
"""

_CLI = '''\
"""The sample project's command: `sample work`, `sample sleep`, …"""

import os
import sys
import time

from sample.behaviour import HOW, UNITS


def burn(units):
    total = 0
    for number in range(units * 300_000):
        total += number % 7
    return total


def work():
    """As this commit does it."""
    if HOW == "fails":
        sys.exit("sample: cannot work today")
    if HOW == "hangs":
        hang()
    if HOW == "counts":
        fail_after(9)
    burn(UNITS)


def hang():
    """Never end; nor does the child."""
    os.spawnvp(os.P_NOWAIT, "sleep", ["sleep", "4243"])
    time.sleep(4243)


def fail_after(count):
    with open("tally", "a") as stream:
        stream.write(".")
    if os.path.getsize("tally") > count:
        sys.exit("sample: worn out")


def main():
    what = sys.argv[1]
    if what == "work":
        work()
    elif what == "burn":
        burn(int(sys.argv[2]))
    elif what == "sleep":
        time.sleep(float(sys.argv[2]))
    elif what == "fail":
        sys.exit("sample: no such luck")
    elif what == "environment":
        with open(sys.argv[2], "w") as stream:
            stream.write(repr(dict(os.environ)))
'''

_LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "sample-project"
version = "1.0.0"
source = { editable = "." }
"""

_BEHAVIOUR = '"""What this commit is like."""\n\nUNITS = {units}\nHOW = "{how}"\n'


def sample_files(
    version: str,
    *,
    units: int = 1,
    how: str = "",
    extra: bool = True,
    build: str = "",
    dependencies: tuple[str, ...] = (),
    comment: str = "",
) -> dict[str, str]:
    """All files of one commit of the sample project; `extra` is a module and its command."""
    files = {
        "tiny_backend.py": BACKEND,
        "pyproject.toml": _PYPROJECT.format(
            version=version,
            scripts='sample-extra = "sample.extra:main"\n' if extra else "",
            build=f'build = "{build}"' if build else "",
            dependencies=", ".join(f'"{one}"' for one in dependencies),
        ),
        "sample/__init__.py": f'"""A sample."""\n{comment}',
        "sample/cli.py": _CLI,
        "sample/behaviour.py": _BEHAVIOUR.format(units=units, how=how),
    }
    if extra:
        files["sample/extra.py"] = "def main():\n    pass\n"
    return files


def package_files(files: Mapping[str, str]) -> dict[str, str]:
    """Those files that end up in a wheel."""
    return {path: text for path, text in files.items() if path.startswith("sample/")}


_GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{
        f"GIT_{who}_{what}": "tests"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


@dataclass
class Repository:
    """A git repository that is written commit by commit, one day apart."""

    path: Path
    commits: int = 0

    @classmethod
    def create(cls, path: Path) -> Repository:
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> str:
        day = f"{date(2026, 1, 1) + timedelta(days=self.commits)}T12:00:00+02:00"
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=_GIT | {"GIT_COMMITTER_DATE": day, "GIT_AUTHOR_DATE": day},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(
        self, files: Mapping[str, str], subject: str, *, tag: str = "", author: str = "tests"
    ) -> str:
        """Commit exactly these files and return the commit's hash."""
        for old in self.git("ls-files").splitlines():
            (self.path / old).unlink(missing_ok=True)
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        who = f"--author={author} <{author}@example.org>"
        self.git("commit", "--quiet", "--allow-empty", who, "--message", subject)
        self.commits += 1
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, at: str = "v1.0.0") -> None:
        """Start a branch and stand on it."""
        self.git("checkout", "--quiet", "-b", name, at)


def make_repository(path: Path) -> Repository:
    """The sample project's repository with a commit for every case (see the module's docstring)."""
    made = Repository.create(path)
    made.commit(sample_files("1.0.0"), "First", tag="v1.0.0")
    made.commit(sample_files("1.0.1", comment="# Says more.\n"), "Comment", tag="v1.0.1")
    made.commit(sample_files("1.1.0", units=4), "Much slower", tag="v1.1.0")
    made.commit(sample_files("1.2.0", extra=False), "Without extra", tag="v1.2.0")
    made.commit(sample_files("1.3.0", how="fails"), "Fails", tag="fails")
    made.commit(sample_files("1.4.0", how="hangs"), "Hangs", tag="hangs")
    made.commit(sample_files("1.5.0", how="counts"), "Wears out", tag="counts")
    made.branch("feature")
    made.commit(sample_files("1.0.0+one"), "Feature, first half")
    made.commit(sample_files("1.0.0+two"), "Feature, second half")
    made.branch("broken-build")
    made.commit(sample_files("1.0.0", build="breaks"), "Does not build")
    made.branch("hanging-build")
    made.commit(sample_files("1.0.0", build="hangs"), "Build hangs")
    for name, version in (("old", "1.0"), ("new", "2.0")):
        made.branch(f"wants-{name}")
        wanted = sample_files("1.0.0", dependencies=(f"sample-dependency>={version}",))
        made.commit(wanted, f"Wants {version}")
    made.branch("pinned-old")
    pinned = sample_files("1.0.0", dependencies=("sample-dependency==1.0",))
    made.commit(pinned, "Wants 1.0 exactly")
    made.branch("locked")
    made.commit(sample_files("1.0.0") | {"uv.lock": _LOCK}, "Locked")
    made.branch("single-file")
    made.commit(_single_file(), "One module, no package")
    made.git("checkout", "--quiet", "main")
    return made


def _single_file() -> dict[str, str]:
    files = sample_files("1.0.0", extra=False)
    pyproject = files["pyproject.toml"].replace("sample/*.py", "lonely.py")
    return {
        "tiny_backend.py": BACKEND,
        "pyproject.toml": pyproject,
        "lonely.py": "def main():\n    pass\n",
    }

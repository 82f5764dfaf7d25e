#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.1"]
# ///
# Sessions: each installs what it needs and passes its arguments on, to `python -m bench` in most.
# A comment and no docstring: `nox -l` would print it, and its list shall fit a screen.

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2026.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

ROOT = Path(__file__).parent
# The same variables as `python -m bench` reads.
TARGETS = Path(os.environ.get("BENCH_TARGETS", ROOT / "bench" / "targets"))
REPOS = Path(os.environ.get("BENCH_REPOS", ROOT / "repos"))
# Not in uv.lock: it pins half of the package index, and only one session parses arguments with it.
AZURE_CLI = "azure-cli==2.91.0"


def install(session: nox.Session, *groups: str, only: bool = False) -> None:
    """Bring the session's environment to what uv.lock says, with (or only) these groups."""
    wanted = [f"--only-group={group}" if only else f"--group={group}" for group in groups]
    session.run_install(
        "uv", "sync", "--quiet", "--frozen", "--no-default-groups", *wanted,
        f"--python={session.virtualenv.location}/bin/python",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )  # fmt: skip


def add_session(name: str, what: str, *words: str, groups: tuple[str, ...] = ()) -> None:
    """Add a session that runs `python -m bench` with these words and its own arguments."""

    def run(session: nox.Session) -> None:
        install(session, *groups)
        session.chdir(session.invoked_from)  # relative paths are those of the caller
        try:
            # Ctrl-C: time to stop what is measured and to close the files.
            session.run(
                "python", "-m", "bench", *words, *session.posargs,
                env={"PYTHONPATH": str(ROOT)}, interrupt_timeout=60,
            )  # fmt: skip
        except CommandFailed as failed:
            # End with its exit status: nox itself only knows 0 and 1.
            sys.exit(failed.return_code or 1)

    run.__doc__ = what
    register: Callable[[Callable[[nox.Session], None]], object] = nox.session(name=name)
    register(run)


def usable_targets() -> Iterator[str]:
    """The targets; of private repositories only those that are cloned (`bench` takes any)."""
    for file in sorted(TARGETS.glob("[!_]*.toml")):
        try:
            private = tomllib.loads(file.read_text(encoding="utf-8")).get("private", False)
        except (OSError, ValueError):
            private = False  # the session itself reports what is wrong with the file
        if not private or (REPOS / file.stem).exists():
            yield file.stem


add_session("bench", "Measure before and after: -- TARGET base..head, -- PATH base..head", "run")
for target in usable_targets():
    add_session(f"bench-{target}", f"Measure {target}: -- base..head --python X.Y", "run", target)
add_session(
    "profile",
    "Show where time and memory go: -- TARGET REV, -- TARGET base..head",
    "profile",
    groups=("profile",),
)
add_session("trace", "Follow a command through its processes: -- TARGET REV", "trace")
add_session("attribute", "Tell which commit of a range did what: -- TARGET base..head", "attribute")
add_session("claims", "Test what commit messages claim: -- TARGET base..head", "claims")
add_session("bisect", "Find the commit that changed a benchmark: -- TARGET base..head", "bisect")
add_session("rank", "List imports that could be deferred: -- TARGET REV", "rank", groups=("rank",))
add_session("guard", "Keep deferred imports deferred: -- TARGET REV --check", "guard")
add_session(
    "optimize",
    "Make a branch of changes that save time: -- TARGET REV",
    "optimize",
    groups=("rank",),
)
add_session("report", "Write results/ from data/", "report")
add_session("site", "Write results/site/, one page to explore", "site", groups=("site",))
add_session(
    "calibrate",
    "Measure how small a change this machine can detect: -- TARGET",
    "calibrate",
    groups=("calibrate",),
)
add_session("selfcheck", "Check this project's own claims: -- --quick", "selfcheck")
add_session(
    "accuracy", "Compare predictions of rank with real commits", "accuracy", groups=("rank",)
)
add_session("prior-art", "Reproduce the published Rich and pip results: -- NAME", "prior-art")
add_session("clean", "Remove cached environments: -- --older-than DAYS", "clean")


@nox.session
def lint(session: nox.Session) -> None:
    """Check format, rules and types"""
    install(session, "lint", "profile", "test", "tools")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests: -- any option of pytest"""
    install(session, "test", "profile", "infra-test", "tools")
    longest = ("--durations", "40", "--durations-min", "2")
    session.run("pytest", "-n", "auto", "--dist", "worksteal", *longest, *session.posargs)


@nox.session(name="tests-slow")
def tests_slow(session: nox.Session) -> None:
    """Run the tests that take minutes: -- any option of pytest"""
    install(session, "test", "profile", "infra-test", "tools")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session(name="tests-infra")
def tests_infra(session: nox.Session) -> None:
    """Try infra/ for real: -- vm (30 minutes), -- azure (downloads)"""
    match session.posargs:
        case ["vm", *words]:
            install(session, "infra", only=True)
            session.run("python", "-m", "vmtest", *words, env={"PYTHONPATH": ".:infra"})
        case ["azure", *words]:
            check_azure(session, *words)
        case _:
            session.error("Say which: -- azure, or -- vm.")


def check_azure(session: nox.Session, *words: str) -> None:
    """Give the az commands of vm-manage.sh to the real azure-cli's parser."""
    install(session, "test", "infra-test")
    location = Path(session.create_tmp()) / "azure-cli"
    python = f"--python={session.virtualenv.location}/bin/python"
    session.run_install(
        "uv", "venv", "--quiet", "--allow-existing", python, str(location), external=True
    )
    session.run_install(
        "uv", "pip", "install", "--quiet", f"--python={location}", AZURE_CLI, external=True
    )
    # The whole path: create_tmp's is relative in some versions.
    az = {"AZ_FOR_TESTS": str((location / "bin" / "az").resolve())}
    session.run("pytest", "tests/infra/azure_parser.py", *words, env=az)


@nox.session
def provision(session: nox.Session) -> None:
    """Pin a benchmark machine: -- HOST, and options of ansible-playbook"""
    install(session, "infra", only=True)
    session.run("python", "infra/provision.py", *session.posargs, env={"PYTHONPATH": "."})


@nox.session
def fleet(session: nox.Session) -> None:
    """Measure a pair on all machines: -- -e target=NAME -e range=base..head"""
    install(session, "infra")
    session.chdir("ansible")
    session.run(
        "ansible-playbook", "bench.yml", *session.posargs, env={"ANSIBLE_CONFIG": "ansible.cfg"}
    )


if __name__ == "__main__":
    nox.main()

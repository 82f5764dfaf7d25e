#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.1"]
# ///
"""Sessions. They install what they need, pass their arguments on to `python -m bench`, no more."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2026.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

TARGETS = Path(__file__).parent / "bench" / "targets"
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


def bench(session: nox.Session, *arguments: str) -> None:
    """Run `python -m bench`, and end nox with its exit status (nox itself only knows 0 and 1)."""
    try:
        # Ctrl-C: time to stop what is measured and to close the files.
        session.run("python", "-m", "bench", *arguments, interrupt_timeout=20)
    except CommandFailed as failed:
        sys.exit(failed.return_code or 1)


def add_bench_session(target: str, python: str | None) -> None:
    """Add the session that measures a target, on all its Pythons or on one."""
    name = f"bench-{target}" if python is None else f"bench-{target}-{python}"
    chosen = () if python is None else ("--python", python)

    def measure(session: nox.Session) -> None:
        install(session)
        bench(session, "run", target, *chosen, *session.posargs)

    where = "all its Pythons" if python is None else f"Python {python}"
    measure.__doc__ = f"Measure {target} before and after: -- base..head, on {where}."
    register: Callable[[Callable[[nox.Session], None]], object] = nox.session(name=name)
    register(measure)


def add_profile_session(target: str) -> None:
    """Add the session that shows where a target's time and memory go."""

    def profile(session: nox.Session) -> None:
        install(session, "profile")
        bench(session, "profile", target, *session.posargs)

    profile.__doc__ = f"Profile {target}: -- REV or base..head, --scenario NAME, --python X.Y."
    register: Callable[[Callable[[nox.Session], None]], object]
    register = nox.session(name=f"profile-{target}")
    register(profile)


def add_trace_session(target: str) -> None:
    """Add the session that follows a command of a target through all its processes."""

    def trace(session: nox.Session) -> None:
        install(session)
        bench(session, "trace", target, *session.posargs)

    trace.__doc__ = f"Trace commands of {target}: -- REV or base..head, --scenario NAME."
    register: Callable[[Callable[[nox.Session], None]], object]
    register = nox.session(name=f"trace-{target}")
    register(trace)


def add_targets_session(target: str) -> None:
    """Add the session that tells what to change next in a target."""

    def rank(session: nox.Session) -> None:
        install(session, "lint")  # ruff knows some of what could wait
        bench(session, "rank", target, *session.posargs)

    rank.__doc__ = f"Which imports of {target} could wait: -- REV, -- REV --scenario NAME."
    register: Callable[[Callable[[nox.Session], None]], object]
    register = nox.session(name=f"targets-{target}")
    register(rank)


for file in sorted(TARGETS.glob("[!_]*.toml")):
    try:
        declared = tomllib.loads(file.read_text(encoding="utf-8")).get("pythons", [])
    except tomllib.TOMLDecodeError:
        declared = []  # the session itself reports what is wrong with the file
    for version in (None, *declared):
        add_bench_session(file.stem, version)
    add_profile_session(file.stem)
    add_trace_session(file.stem)
    add_targets_session(file.stem)


@nox.session
def report(session: nox.Session) -> None:
    """Make results/ from data/."""
    install(session)
    bench(session, "report", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite: -- any option of pytest."""
    install(session, "test", "profile", "infra-test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check formatting, rules and types."""
    install(session, "lint", "profile", "test", "tools")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")


@nox.session
def selfcheck(session: nox.Session) -> None:
    """Measure this project's own claims on this machine: -- --runs 40, -- --quick."""
    install(session, "test")
    bench(session, "selfcheck", *session.posargs)


@nox.session(name="prior-art")
def prior_art(session: nox.Session) -> None:
    """Measure what was published of Rich and pip again: -- [NAME], -- --no-series."""
    install(session)
    bench(session, "prior-art", *session.posargs)


@nox.session
def calibrate(session: nox.Session) -> None:
    """Measure what this machine can resolve: -- TARGET…, -- --seconds S."""
    install(session)
    bench(session, "calibrate", *session.posargs)


@nox.session
def clean(session: nox.Session) -> None:
    """Remove cached environments and checkouts: -- --older-than DAYS, --max-size GB, --all."""
    install(session)
    bench(session, "clean", *session.posargs)


@nox.session
def provision(session: nox.Session) -> None:
    """Run the playbook on a benchmark machine: -- HOST, and any option of ansible-playbook."""
    install(session, "infra", only=True)
    session.run("python", "infra/provision.py", *session.posargs, env={"PYTHONPATH": "."})


@nox.session
def fleet(session: nox.Session) -> None:
    """Measure a pair on all machines of the inventory: -- -e target=NAME -e range=base..head."""
    install(session, "infra")
    session.chdir("ansible")
    session.run(
        "ansible-playbook", "bench.yml", *session.posargs, env={"ANSIBLE_CONFIG": "ansible.cfg"}
    )


@nox.session
def vm(session: nox.Session) -> None:
    """Provision, pin, verify, break and measure a real machine under QEMU: minutes, not seconds."""
    install(session, "infra", only=True)
    session.run("python", "-m", "vmtest", *session.posargs, env={"PYTHONPATH": ".:infra"})


@nox.session
def azure(session: nox.Session) -> None:
    """Give the az commands of vm-manage.sh to the real azure-cli's parser (a large download)."""
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
    session.run("pytest", "tests/infra/azure_parser.py", *session.posargs, env=az)


if __name__ == "__main__":
    nox.main()

"""Secrets planted in variables, URLs and outputs are found nowhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.errors import UsageError
from bench.core.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:hunter2@localhost/x.git", "https://localhost/x.git"),
        ("https://ghp_0123456789@localhost/x", "https://localhost/x"),
        ("ssh://git@localhost/x.git", "ssh://git@localhost/x.git"),
        ("git@localhost:x.git is not changed", "git@localhost:x.git is not changed"),
        ("the key is s3cr3t-value, twice s3cr3t-value",
         "the key is [value of MY_API_KEY], twice [value of MY_API_KEY]"),
        ("short stays", "short stays"),
    ],
)  # fmt: skip
def test_what_is_shown(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    monkeypatch.setenv("MY_API_KEY", "s3cr3t-value")
    monkeypatch.setenv("OTHER_TOKEN", "short")
    assert without_secrets(text) == shown


# In halves, so that nobody takes this file for a leak.
PLANTED = (
    "ghp" + "_0aA1bB2cC3dD4eE5fF6gG7hH8iI9jJ0kK1lL",
    "github" + "_pat_11AAAAAAA0aaaaaaaaaaaa_bbbbbbbbbbbb",
    "sk" + "-proj-abcdefghijklmnopqrstuvwx",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "xoxb" + "-123456789012-abcdefghijkl",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
)
KEY = "-----BEGIN " + "PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0\\nBAQEFAASCBKcwggSj"


@pytest.mark.parametrize("secret", PLANTED)
def test_known_shapes(secret: str) -> None:
    assert without_secrets(f"key={secret}, more") == "key=[secret removed], more"
    assert without_secrets(f"a-{secret}") == f"a-{secret}"  # a part of a longer word is none


def test_private_keys() -> None:
    whole = KEY.replace("\\n", "\n") + "\n-----END PRIVATE" + " KEY-----"
    assert without_secrets(f"before\n{whole}\nafter") == "before\n[secret removed]\nafter"
    assert without_secrets(f'{{"key":"{KEY}"}}') == '{"key":"[secret removed]"}'  # in JSON


@pytest.mark.parametrize(
    "name", ["SSH_AUTH_SOCK", "GIT_AUTHOR_NAME", "KEYBOARD", "PATH", "HOME", "XAUTHORITY"]
)
def test_variables_that_are_no_secrets(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/some/where/else")
    assert without_secrets("in /some/where/else") == "in /some/where/else"


def test_secret_with_a_quote_is_found_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PASSPHRASE", 'two "words"\nof mine')
    told = without_secrets('{"said":"two \\"words\\"\\nof mine"}')
    assert told == '{"said":"[value of MY_PASSPHRASE]"}'


def test_errors_hold_none() -> None:
    error = UsageError("https://me:hunter2@localhost failed", "git clone https://me:hunter2@x")
    assert "hunter2" not in f"{error} {error.args} {error.message} {error.hint}"


def test_url_with_a_password_reaches_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clone's own address, and what git says of it."""
    monkeypatch.setenv("DEPLOY_TOKEN", "planted-4711")
    made = sandbox.bench(
        "run", "sample", "v1.0.0..v1.0.1", "--repo", sandbox.repository, "--rounds", "1",
        "--benchmark", "work", "--no-tests", "--no-counters", "--json", status=0,
    )  # fmt: skip
    target = sandbox.workspace.targets / "sample.toml"
    lines = [line for line in target.read_text().splitlines() if not line.startswith("clone")]
    target.write_text("\n".join(['clone = "https://me:planted-4711@localhost:9/x.git"', *lines]))
    failed = sandbox.bench("run", "sample", "main~1..main", status=2)
    said = made.stdout + made.stderr + failed.stdout + failed.stderr
    assert "could not be cloned" in failed.stderr
    assert "planted-4711" not in said
    assert not list(_holding(sandbox.folder, "planted-4711", target))


def _holding(folder: Path, secret: str, but: Path) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.is_file() and file != but)
    return [file for file in files if secret.encode() in file.read_bytes()]


_PRINTS = f"""
for one in {PLANTED!r} + ({KEY.replace(chr(92) + "n", chr(10))!r},):
    print("found", one, flush=True)
    print("found", one, file=__import__("sys").stderr, flush=True)
"""
_FAILING_TEST = f"""
def test_leaks():
    {_PRINTS.strip().replace(chr(10), chr(10) + "    ")}
    assert {PLANTED[0]!r} == "something else"
"""


def leaking_repository(path: Path) -> Path:
    """Builds, tests and commands that print secrets; on `broken` the build fails after that."""
    made = Repository.create(path)
    files = sample_files("1.0.0") | {"tests/test_leaks.py": _FAILING_TEST}
    files["sample/cli.py"] += "".join(f"    {line}\n" for line in _PRINTS.strip().splitlines())
    files["sample/cli.py"] += "    if what == 'leak':\n        sys.exit(3)\n"
    files["tiny_backend.py"] += _PRINTS
    made.commit(files, f"leak {PLANTED[0]}", tag="one")
    made.commit(files | {"sample/new.py": ""}, "leak again", tag="two")
    broken = sample_files("1.0.0", build="breaks")
    broken["tiny_backend.py"] += _PRINTS
    made.commit(broken, "break", tag="broken")
    return path


def test_what_builds_tests_and_commands_print_is_kept_nowhere(
    own_cache: Sandbox, tmp_path: Path
) -> None:
    sandbox = Sandbox(own_cache.folder, own_cache.cache, leaking_repository(tmp_path / "leaking"))
    tests = f'[tests]\ncommand = ["{sys.executable}", "-m", "pytest", "-q"]\n'
    leak = 'name = "leak"\ncommand = ["sample", "leak"]'
    sandbox.write_target(target_text('name = "work"\ncommand = ["sample", "work"]', leak) + tests)
    said = ""
    for revisions, *options in (
        ("one..two",), ("one..two", "--no-tests", "--json"), ("one..broken", "--no-tests"),
        ("one..broken", "--every", "1"), ("one..nowhere",),
    ):  # fmt: skip
        done = sandbox.bench(
            "run", "sample", revisions, "--repo", sandbox.repository, "--no-counters",
            "--rounds", "2", "--budget", "1", *options,
        )  # fmt: skip
        said += done.stdout + done.stderr
    assert "found [secret removed]" in said
    assert list(sandbox.workspace.results.rglob("README.md"))
    assert list(sandbox.workspace.logs.glob("*.log"))
    for secret in (*PLANTED, "MIIEvQIBADANBgkqhkiG9w0", "BAQEFAASCBKcwggSj"):
        assert secret not in said
        for place in (sandbox.workspace.data, sandbox.workspace.results, sandbox.workspace.logs):
            assert not _holding(place, secret, Path())

"""What the command does with its own compiled modules, and without its dependencies."""

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[2]
_SAY = "import sys; {}; print(sys.dont_write_bytecode, sys.pycache_prefix)"
_KEEP = "from bench.core.bytecode import keep_bytecode; keep_bytecode()"


def say(code: str, *, python: str = sys.executable, variable: str = "1") -> str:
    done = subprocess.run(
        [python, "-c", _SAY.format(code)],
        cwd=HOME, env={"PYTHONDONTWRITEBYTECODE": variable}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_bytecode_is_kept_in_the_virtual_environment_where_the_shell_wants_none() -> None:
    assert say(_KEEP) == f"False {Path(sys.prefix) / 'bytecode'}"


def test_python_keeps_its_own_way_where_the_shell_says_nothing() -> None:
    assert say(_KEEP, variable="") == "False None"


def test_nothing_is_written_to_a_python_that_is_no_virtual_environment() -> None:
    base = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    assert say(_KEEP, python=base) == "True None"


def test_a_missing_dependency_is_one_sentence(tmp_path: Path) -> None:
    base = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    done = subprocess.run(
        [base, "-S", "-m", "bench", "--help"],
        cwd=HOME, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is not installed for" in done.stderr
    assert "uv sync --frozen" in done.stderr
    assert "Traceback" not in done.stderr

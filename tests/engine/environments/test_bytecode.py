"""Modules without bytecode are found and compiled, or told of; so is a library that changes."""

from __future__ import annotations

import dataclasses
import os
import py_compile
from pathlib import Path

import pytest
from support.building import build_pair
from support.sandbox import Sandbox

from bench.core.errors import UnprovenError
from bench.engine.environments.bytecode import compile_files, compile_packages, uncompiled_library
from bench.engine.environments.interpreters import (
    Interpreter,
    InterpreterFacts,
    interpreter_facts,
)
from bench.engine.session.proof import PairProof


@pytest.fixture
def facts(tmp_path: Path, interpreter: Interpreter) -> InterpreterFacts:
    """A Python with a library of three modules, all compiled, and tests that are not."""
    library = tmp_path / "library"
    for name in ("one.py", "two.py", "package/three.py", "test/four.py"):
        file = library / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("X = 1\n", encoding="utf-8")
        if "test" not in name:
            py_compile.compile(str(file))
    found = interpreter_facts(interpreter.executable)
    return dataclasses.replace(found, library=str(library))


def names(facts: InterpreterFacts) -> tuple[str, ...]:
    found = uncompiled_library(facts)
    return found.first if found else ()


def test_what_has_no_usable_bytecode_is_named(facts: InterpreterFacts) -> None:
    library = Path(facts.library)
    assert names(facts) == ()
    os.utime(library / "one.py", (1, 1))
    assert names(facts) == ("one.py",)
    (compiled,) = library.glob("package/__pycache__/three.*")
    compiled.unlink()
    assert names(facts) == ("one.py", "package/three.py")
    assert names(dataclasses.replace(facts, magic="00000000")) == (
        "one.py", "package/three.py", "two.py",
    )  # fmt: skip


def test_bytecode_that_goes_by_content_is_usable(facts: InterpreterFacts) -> None:
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    file = Path(facts.library) / "two.py"
    py_compile.compile(str(file), invalidation_mode=mode)
    os.utime(file, (1, 1))
    assert names(facts) == ()


def test_remedy_is_said(facts: InterpreterFacts) -> None:
    (Path(facts.library) / "new.py").touch()
    found = uncompiled_library(facts)
    assert found is not None
    assert f"`python9 -m compileall -q {facts.library}`" in found.describe("python9")


def test_packages_are_compiled(facts: InterpreterFacts) -> None:
    folder = Path(facts.library)
    (folder / "template.py").write_text("{{ no Python }}\n", encoding="utf-8")
    (folder / "late.py").touch()
    compile_packages([folder], facts)
    assert names(facts) == ("template.py",)


def test_more_modules_than_a_command_line_holds(tmp_path: Path, facts: InterpreterFacts) -> None:
    file = tmp_path.joinpath(*["long" * 60] * 12) / "module.py"
    file.parent.mkdir(parents=True)
    file.touch()
    files = [file] * (2**21 // len(str(file)) + 1)
    done = compile_files(facts.executable, files)
    assert done is not None
    assert done.ok
    assert list(file.parent.glob("__pycache__/*.pyc"))


def test_library_that_changes_while_measuring(
    sandbox: Sandbox, interpreter: Interpreter, facts: InterpreterFacts
) -> None:
    """Both sides use the interpreter's library: what is written there decides about both."""
    proof = PairProof(build_pair(sandbox, interpreter, "v1.0.0..v1.1.0"), facts)
    proof.hold()
    (Path(facts.library) / "sitecustomize.py").touch()
    with pytest.raises(UnprovenError, match=r"1 appeared \(.*/sitecustomize.py\)"):
        proof.hold()

"""Modules of a few lines, rewritten and imported in this process."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from bench.explain.rank.rewriting.rewrite import rewrite_module
from bench.explain.rank.rewriting.wanted import Form, Wanted
from bench.explain.rank.sources import ModuleSource

HEAVY = "value = 7\n\n\nclass Thing:\n    pass\n\n\ndef make():\n    return Thing()\n"


def read(folder: Path, text: str | bytes, module: str = "own.main") -> ModuleSource:
    """A module's source, written to where it would be installed."""
    file = folder.joinpath(*module.split(".")).with_suffix(".py")
    if module == "own":
        file = folder / "own" / "__init__.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ModuleSource.parse(module, file)


def wanted(
    source: ModuleSource,
    names: Collection[str] = (),
    *,
    on_request: Collection[str] = (),
    as_text: bool = False,
) -> list[Wanted]:
    """Names that its statements bind: those given, or all."""
    return [
        Wanted(
            source=source,
            statement=statement,
            name=name,
            on_request=name.bound in on_request,
            as_text=as_text and any(use.is_annotation for use in name.uses),
        )
        for statement in source.statements
        for name in statement.names
        if not names or name.bound in names
    ]


def rewrite(
    folder: Path,
    text: str,
    names: Collection[str] = ("heavy", "Thing", "value", "make"),
    *,
    ran: Collection[int] = (),
    form: Form = Form.FUNCTION,
    on_request: Collection[str] = (),
    as_text: bool = False,
    module: str = "own.main",
) -> str:
    """A module's new text, which is put in its place."""
    source = read(folder, text, module)
    names = wanted(source, names, on_request=on_request, as_text=as_text)  # type: ignore[assignment]
    changed = rewrite_module(source, names, ran, form)  # type: ignore[arg-type]
    source.file.write_bytes(changed.encode())
    if form is not Form.LAZY:
        ast.parse(changed.removeprefix("\ufeff"))
    return changed


@contextmanager
def importable(folder: Path) -> Iterator[Path]:
    """A folder with `heavy.py` and an empty package `own`, to import from."""
    (folder / "heavy.py").write_text(HEAVY, encoding="utf-8")
    (folder / "own").mkdir()
    (folder / "own" / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield folder
    finally:
        sys.dont_write_bytecode = before
        sys.path.remove(str(folder))
        forget()


def forget() -> None:
    """Nothing of the folder has been imported."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"own", "heavy"}:
            del sys.modules[name]
    importlib.invalidate_caches()


def load(module: str = "own.main") -> ModuleType:
    """Import it."""
    return importlib.import_module(module)

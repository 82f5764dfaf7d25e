"""A traced command on disk, with layers around it."""

from __future__ import annotations

from bench.core.sample import Side
from bench.core.workspace import Workspace
from bench.engine.store.accounts import InChild, RunAccount, StackRecord, save_account
from bench.engine.store.run import read_run
from support.synthetic_runs import RunPlan, command, control, write_run

TARGET = """
name = "shop"
layer = "shop"
distribution = "shop"
module = "shop"

[[around]]
scenario = "order*"
layer = "container"
target = "sample"
benchmark = "work"

[[around]]
scenario = "order*"
layer = "service"
target = "sample"
benchmark = "work"
each = "requests"

[[around]]
scenario = "order*"
layer = "till"
target = "nowhere"
benchmark = "ring"

[[benchmark]]
name = "order"
command = ["shop"]
"""


def account(side: Side, own_code: float, imports: float = 1.0) -> RunAccount:
    layers = {"interpreter start": 0.1, "imports": imports, "own code": own_code, "subprocess": 3.0}
    layers |= {"service": 0.2, "HTTP wire": 0.05, "unexplained": 0.01}
    children = (
        InChild("pytest", "imports", 1.0),
        InChild("pytest", "own code", 1.5),
        InChild("git", "process start", 0.25),
    )
    return RunAccount(
        side=side, wall_s=sum(layers.values()), layers=layers, children=children,
        counts={"requests": 9},
    )  # fmt: skip


def write_stack(workspace: Workspace) -> StackRecord:
    run = read_run(write_run(workspace, RunPlan((control(), command("work", base_s=0.5))))).manifest
    runs = [account(Side.BASE, 5.0 + n / 10, 1.0 + n / 50) for n in range(3)]
    runs += [account(Side.HEAD, 2.0 + n / 10, 1.01 + n / 50) for n in range(3)]
    bare: dict[Side, tuple[float, ...]] = {Side.BASE: (9.0,), Side.HEAD: (6.0,)}
    record = StackRecord(
        format=1, target="shop", scenario="order", note="a small one", pair=run.pair,
        python=run.python, machine=run.machine, network="cut off",
        started_at="2026-05-01T10:00:00+00:00", runs=tuple(runs), bare_s=bare,
    )  # fmt: skip
    save_account(record, workspace.data)
    workspace.targets.mkdir(parents=True, exist_ok=True)
    (workspace.targets / "shop.toml").write_text(TARGET, encoding="utf-8")
    return record

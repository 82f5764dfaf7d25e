"""A stand-in for `az` and `ssh` on the path: what they are told is recorded, answers are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.infrastructure import VM_MANAGE, environment

ADDRESS = "203.0.113.9"

# Answers by the beginning of what is asked; the longest beginning wins.
_PROGRAM = """\
#!{python} -I
import json, pathlib, sys
folder = pathlib.Path({folder!r})
words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[0] == "ssh":
    words = ["ssh", *words[words.index([w for w in words if "@" in w][-1]) + 1:]]
line = " ".join(words)
answers = json.loads((folder / "answers").read_text())
fitting = [answer for answer in answers if line.startswith(answer[0])]
best = max(fitting, key=lambda answer: len(answer[0]), default=["", 0, ""])
sys.stdout.write(best[2])
if best[1]:
    sys.stderr.write("az: " + line + ": refused\\n")
sys.exit(best[1])
"""


@dataclass(frozen=True)
class FakeAzure:
    """A folder with the two programs, what they answer and what they were told."""

    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> FakeAzure:
        """Put the programs there, with the answers of a machine that works."""
        (folder / "bin").mkdir(parents=True)
        for name in ("az", "ssh"):
            program = folder / "bin" / name
            program.write_text(_PROGRAM.format(python=sys.executable, folder=str(folder)))
            program.chmod(0o755)
        for name in ("key", "key.pub"):
            (folder / name).write_text("ssh-ed25519 AAAA me@here\n", encoding="utf-8")
        fake = cls(folder)
        fake.answer("az vm show", ADDRESS + "\n")
        fake.answer("az group show", "codeflash-bench\n")
        fake.answer("az group exists", "false\n")
        fake.provisioned("done")
        return fake

    def answer(self, beginning: str, text: str = "", status: int = 0) -> None:
        """What is answered to commands that begin so."""
        file = self.folder / "answers"
        known = json.loads(file.read_text()) if file.is_file() else []
        known = [one for one in known if one[0] != beginning]
        file.write_text(json.dumps([*known, [beginning, status, text]]))

    def provisioned(self, status: str) -> None:
        """How far cloud-init says it is."""
        state = f'{{"format": 1, "status": "{status}", "message": "said so", "revision": "main"}}\n'
        self.answer("ssh cat /var/lib/bench/provision.json", state)

    def run(
        self, *arguments: str, given: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run vm-manage.sh with these programs first on the path."""
        inherited = environment(self.folder, POLL_S="0.1", **variables)
        path = os.pathsep.join([str(self.folder / "bin"), inherited["PATH"]])
        return subprocess.run(
            [VM_MANAGE, *arguments, "--name", "bench-test", "--key", str(self.folder / "key")],
            env={**inherited, "PATH": path},
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def calls(self, program: str = "az") -> list[list[str]]:
        """What a program was told, without its name."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.is_file() else []
        return [words[1:] for words in map(json.loads, lines) if words[0] == program]


def option(call: Sequence[str], name: str) -> str:
    """The value of an option in a call."""
    return call[call.index(name) + 1]

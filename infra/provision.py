"""Run the playbook on one machine: `make provision HOST=…` and `nox -s provision -- HOST` end here.

HOST is a name in ansible/inventory/, or [user@]address[:port] of a machine that is in none. Further
arguments go to ansible-playbook. Its exit status is passed on; 2 is also a HOST that is neither.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from bench.core.process import run_tool

ANSIBLE = Path(__file__).resolve().parent.parent / "ansible"
_ADDRESS = re.compile(
    r"((?P<user>[a-z_][a-z0-9_-]*)@)?(?P<host>[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:(?P<port>\d+))?"
)


def main() -> NoReturn:
    """Work out the command and become it."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0].startswith("-"):
        _fail(f"Which machine? HOST is one of {', '.join(_known())}, or user@address.")
    host, *rest = arguments
    command = command_for(host, _known())
    if command is None:
        _fail(f'"{host}" is no machine in ansible/inventory/ and no [user@]address[:port].')
    command = [*command, *rest]
    print(f"ansible/$ {shlex.join(command)}", flush=True)
    os.chdir(ANSIBLE)
    os.environ["ANSIBLE_CONFIG"] = str(ANSIBLE / "ansible.cfg")  # whatever the folder's mode is
    os.execvp(command[0], command)  # never returns


def command_for(host: str, known: list[str]) -> list[str] | None:
    """The ansible-playbook command for a host; None when it is neither known nor an address."""
    if host in known:
        return ["ansible-playbook", "site.yml", "--limit", host]
    match = _ADDRESS.fullmatch(host)
    # A bare word without a dot is a misspelled name far more often than a machine.
    if match is None or not (match["user"] or re.search(r"[.:]", match["host"])):
        return None
    command = ["ansible-playbook", "site.yml", "--inventory", f"{match['host']},"]
    if match["user"]:
        command += ["--user", match["user"]]
    if match["port"]:
        command += ["--extra-vars", f"ansible_port={match['port']}"]
    return command


def _known() -> list[str]:
    """Names in the inventory."""
    try:
        found = run_tool(["ansible-inventory", "--list"], cwd=ANSIBLE)
    except FileNotFoundError:
        _fail("ansible is not on the path; start this as make provision HOST=…")
    if not found.ok:
        _fail(f"the inventory can't be read.\n{found.last_lines()}")
    # Not the host variables, which leave out machines that have none.
    groups = json.loads(found.stdout).values()
    return sorted({name for group in groups for name in group.get("hosts", [])})


def _fail(message: str) -> NoReturn:
    print(f"provision: {message}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()

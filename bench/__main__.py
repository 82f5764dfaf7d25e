"""`python -m bench COMMAND`: see `python -m bench --help`."""
# Shells that complete everything look for this: PYTHON_ARGCOMPLETE_OK

import sys

from bench.core.bytecode import keep_bytecode

if __name__ == "__main__":
    keep_bytecode()
    try:
        from bench.cli.main import main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "bench":
            raise
        print(
            f"bench: error: the package {error.name}, which this needs, is not installed for "
            f"{sys.executable}.\n`.venv/bin/uv sync --frozen` installs everything; sessions of nox "
            "(`.venv/bin/nox -s bench`) install what they need.",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))

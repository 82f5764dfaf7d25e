"""`python -m bench COMMAND`: see `python -m bench --help`."""
# Shells that complete everything look for this: PYTHON_ARGCOMPLETE_OK

import sys

from bench.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m duetbench COMMAND`: the same as `duetbench COMMAND`."""

import sys

from duetbench import main

if __name__ == "__main__":
    sys.exit(main())

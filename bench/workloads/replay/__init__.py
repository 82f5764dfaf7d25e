"""A stand-in for the backend that codeflash talks to: canned answers, or a recording proxy."""

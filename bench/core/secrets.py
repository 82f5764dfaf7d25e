"""Nothing that looks like a secret reaches data, results, logs or the screen."""

from __future__ import annotations

import json
import os
import re

REMOVED = "[secret removed]"
# `://name:password@` and `://token@`; the account of ssh URLs is no secret.
_IN_URL = re.compile(r"(?<=://)(?!git@)[^/@\s\"']+@")
_NAMES = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|_PASS$|_PAT$|_KEY$|API_?KEY|PRIVATE_?KEY"
    r"|ACCESS_?KEY|(^|_)AUTH(_?(HEADER|CONFIG|STRING)|$)",
    re.IGNORECASE,
)
_SHORTEST = 8  # a shorter value stands in texts by chance
_SHAPES = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----(?:[A-Za-z0-9+/=\s\\:,]|-(?!-))*
    (?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----)?
    |(?<![A-Za-z0-9_-])(?:
      gh[opusr]_[A-Za-z0-9]{20,}                 # GitHub
      |github_pat_[A-Za-z0-9_]{20,}
      |gl[a-z]{2,5}-[A-Za-z0-9_-]{20,}           # GitLab
      |sk-[A-Za-z0-9_-]{20,}                     # OpenAI, Anthropic
      |[rs]k_(?:live|test)_[A-Za-z0-9]{16,}      # Stripe
      |(?:AKIA|ASIA)[A-Z0-9]{16}                 # AWS
      |AIza[A-Za-z0-9_-]{35}                     # Google
      |ya29\.[A-Za-z0-9_-]{20,}
      |xox[a-z]-[A-Za-z0-9-]{10,}                # Slack
      |pypi-[A-Za-z0-9_-]{40,}
      |npm_[A-Za-z0-9]{36}
      |hf_[A-Za-z0-9]{30,}                       # Hugging Face
      |eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*  # JSON Web Tokens
    )
    |(?<=[Bb]earer[ ])[A-Za-z0-9._~+/-]{16,}=*
    |(?<=[Bb]asic[ ])[A-Za-z0-9+/]{16,}=*
    """,
    re.VERBOSE,
)
# One of these is in every text of such a shape: most texts need no more than this.
_SIGNS = re.compile(
    r"PRIVATE KEY|gh[opusr]_|github_|gl[a-z]{2,5}-|[rs]k[-_]|A[KS]IA|AIza|ya29|xox|pypi-|npm_|hf_"
    r"|eyJ|earer |asic "
)


def without_secrets(text: str) -> str:
    """The text without credentials in URLs, tokens in known shapes, and the caller's own secrets.

    A variable of the caller is taken for a secret by its name (`…TOKEN`, `…PASSWORD`, `…_KEY`, …).
    Its value is found as it is and as it stands in JSON.
    """
    text = _IN_URL.sub("", text)
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and _NAMES.search(name):
            for form in {value, value.strip(), json.dumps(value)[1:-1]}:
                if len(form) >= _SHORTEST:
                    text = text.replace(form, f"[value of {name}]")
    return _SHAPES.sub(REMOVED, text) if _SIGNS.search(text) else text

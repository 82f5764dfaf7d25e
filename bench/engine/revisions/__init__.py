"""From `base..head` to two named versions of a target (git commits or PyPI releases)."""

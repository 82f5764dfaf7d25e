"""In which order the points of a series are measured."""

from __future__ import annotations

from collections import deque


def bisecting(count: int) -> list[int]:
    """All indices below `count`: the last one, then the middle, then the middles of what is left.

    The anchor stands before the first point. However early a series is stopped, what was measured
    is spread over it.
    """
    if count < 1:
        return []
    order = [count - 1]
    gaps = deque([(-1, count - 1)])
    while gaps:
        low, high = gaps.popleft()
        middle = (low + high) // 2
        if middle > low:
            order.append(middle)
            gaps += [(low, middle), (middle, high)]
    return order

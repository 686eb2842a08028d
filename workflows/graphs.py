"""Questions about graphs in general: what can be reached from where."""

from collections.abc import Iterable, Mapping


def reached(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return what can be reached over the edges, the start included."""
    found, ahead = {start}, [start]
    while ahead:
        for key in edges.get(ahead.pop(), ()):
            if key not in found:
                found.add(key)
                ahead.append(key)
    return found

"""Reading lists to their end: each item once, a bounded number of pages, and no page asked for twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Place = TypeVar("Place", int, str)
MOST_PAGES = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Item, Place]):
    """A page and where the next one begins; None where there is none."""

    items: tuple[Item, ...]
    following: Place | None


def read_all(
    read: Callable[[Place | None], Page[Item, Place]],
    *,
    key: Callable[[Item], str],
    most_pages: int = MOST_PAGES,
) -> Iterator[Item]:
    """Yield every item, each once by its key; one call a page, made when it is needed.

    Ends at the last page, at a page that leads nowhere new, and after `most_pages`: TikTok's lists may
    repeat items and places.
    """
    seen: set[str] = set()
    places: set[Place | None] = {None}
    place: Place | None = None
    for _ in range(most_pages):
        page = read(place)
        for item in page.items:
            if key(item) not in seen:
                seen.add(key(item))
                yield item
        place = page.following
        if place in places:
            return
        places.add(place)

"""Chains of filters: frames in, frames out, also past their end and without any."""

from fractions import Fraction

import pytest
from av.video.frame import VideoFrame

from agents.providers.filters import Filters
from tests.factories.clips import picture


def frames(number: int) -> list[VideoFrame]:
    """Return so many pictures, one a second."""
    made = [picture((16, 16)) for _ in range(number)]
    for at, frame in enumerate(made):
        frame.pts, frame.time_base = at, Fraction(1)
    return made


@pytest.mark.parametrize(("given", "sides"), [(0, []), (1, [(8, 4)]), (3, [(8, 4)] * 3)])
def test_push_all_gives_each_frame_as_the_chain_makes_it(given: int, sides: list[tuple[int, int]]) -> None:
    chain = Filters(lambda first: [("scale", f"{first.width // 2}:4")])
    assert [(frame.width, frame.height) for frame in chain.of(frames(given))] == sides


def test_push_more_than_the_chain_takes_gives_nothing_more() -> None:
    chain = Filters(lambda first: [("trim", "end_frame=2")])
    assert [len(list(chain.push(frame))) for frame in frames(5)] == [1, 1, 0, 0, 0]
    assert chain.is_done
    assert list(chain.end()) == []

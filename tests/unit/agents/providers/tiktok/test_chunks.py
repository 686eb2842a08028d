"""The plan of chunks: the documented examples, the edges, and the rules for any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.write.chunks import (
    LARGEST_CHUNK_BYTES,
    LARGEST_VIDEO_BYTES,
    SMALLEST_CHUNK_BYTES,
    Chunk,
    plan_chunks,
)

EXAMPLE = 50_000_123
VIDEO_SIZES = st.integers(1, LARGEST_VIDEO_BYTES)
CHUNK_SIZES = st.integers(SMALLEST_CHUNK_BYTES, LARGEST_CHUNK_BYTES)
WHOLE_SIZES = st.integers(0, 100_000_000)


def test_plan_the_documented_example_in_five_parts() -> None:
    plan = plan_chunks(EXAMPLE, chunk_size_bytes=10_000_000, whole_up_to_bytes=0)
    assert (len(plan.chunks), plan.chunk_size_bytes) == (5, 10_000_000)
    assert plan.chunks[-1].size_bytes == 10_000_123
    assert [plan.content_range(chunk) for chunk in plan.chunks] == [
        "bytes 0-9999999/50000123",
        "bytes 10000000-19999999/50000123",
        "bytes 20000000-29999999/50000123",
        "bytes 30000000-39999999/50000123",
        "bytes 40000000-50000122/50000123",
    ]


def test_plan_the_recorded_request_in_seven_parts() -> None:
    plan = plan_chunks(75_000_123)
    assert (plan.video_size_bytes, plan.chunk_size_bytes, len(plan.chunks)) == (75_000_123, 10_000_000, 7)
    assert plan.chunks[-1] == Chunk(60_000_000, 75_000_122)


@pytest.mark.parametrize("size", [1, 4_999_999, 5_242_880, EXAMPLE, LARGEST_CHUNK_BYTES])
def test_plan_video_up_to_64_megabytes_in_one_part(size: int) -> None:
    plan = plan_chunks(size)
    assert (plan.chunk_size_bytes, plan.chunks) == (size, (Chunk(0, size - 1),))
    assert plan.content_range(plan.chunks[0]) == f"bytes 0-{size - 1}/{size}"


def test_plan_video_above_64_megabytes_in_several_parts() -> None:
    assert len(plan_chunks(LARGEST_CHUNK_BYTES + 1).chunks) == 6


@pytest.mark.parametrize(
    ("size", "parts", "chunk_size"),
    [
        (5_242_879, 1, 5_242_879),
        (7_000_000, 1, 7_000_000),
        (15_000_000, 1, 10_000_000),
        (20_000_000, 2, 10_000_000),
    ],
)
def test_plan_small_video_in_parts_never_makes_one_too_small(size: int, parts: int, chunk_size: int) -> None:
    plan = plan_chunks(size, whole_up_to_bytes=0)
    assert (len(plan.chunks), plan.chunk_size_bytes) == (parts, chunk_size)


@given(VIDEO_SIZES, CHUNK_SIZES, WHOLE_SIZES)
def test_plan_any_video_keeps_every_rule(size: int, chunk_size: int, whole_up_to: int) -> None:
    plan = plan_chunks(size, chunk_size_bytes=chunk_size, whole_up_to_bytes=whole_up_to)
    *before, last = plan.chunks
    assert [chunk.first for chunk in plan.chunks] == [
        at * plan.chunk_size_bytes for at in range(len(plan.chunks))
    ]
    assert all(chunk.size_bytes == plan.chunk_size_bytes for chunk in before)
    assert last.last == size - 1
    assert last.size_bytes < 128_000_000
    assert len(plan.chunks) == max(size // plan.chunk_size_bytes, 1) <= 1000
    assert plan.chunk_size_bytes <= LARGEST_CHUNK_BYTES
    assert plan.chunk_size_bytes >= SMALLEST_CHUNK_BYTES or plan.chunk_size_bytes == size


@given(VIDEO_SIZES, CHUNK_SIZES, st.data())
def test_go_on_from_any_byte_sends_exactly_the_rest(size: int, chunk_size: int, data: st.DataObject) -> None:
    plan = plan_chunks(size, chunk_size_bytes=chunk_size, whole_up_to_bytes=0)
    uploaded = data.draw(st.integers(0, size))
    rest = plan.chunks_after(uploaded)
    assert sum(chunk.size_bytes for chunk in rest) == size - uploaded
    ends = [uploaded - 1, *(chunk.last for chunk in rest)]
    assert [chunk.first for chunk in rest] == [end + 1 for end in ends[:-1]]


def test_go_on_from_the_end_of_a_part_sends_the_later_ones_whole() -> None:
    plan = plan_chunks(EXAMPLE, whole_up_to_bytes=0)
    assert plan.chunks_after(0) == plan.chunks
    assert plan.chunks_after(30_000_000) == plan.chunks[3:]
    assert plan.chunks_after(EXAMPLE) == ()


@pytest.mark.parametrize("uploaded", [-1, EXAMPLE + 1])
def test_go_on_from_a_byte_outside_the_video_is_refused(uploaded: int) -> None:
    with pytest.raises(
        ProviderRejected, match=f"TikTok has {uploaded} bytes of a video of {EXAMPLE}"
    ) as refused:
        plan_chunks(EXAMPLE).chunks_after(uploaded)
    assert refused.value.may_have_acted is False


@pytest.mark.parametrize("size", [-1, 0, LARGEST_VIDEO_BYTES + 1])
def test_plan_video_of_no_size_or_above_4_gigabytes_is_refused(size: int) -> None:
    with pytest.raises(ProviderRejected, match=f"The video has {size} bytes; TikTok takes 1 to 4000000000"):
        plan_chunks(size)


@pytest.mark.parametrize("chunk_size", [0, SMALLEST_CHUNK_BYTES - 1, LARGEST_CHUNK_BYTES + 1])
def test_plan_with_chunks_of_a_wrong_size_is_refused(chunk_size: int) -> None:
    with pytest.raises(ValueError, match=f"chunk_size_bytes is {chunk_size}; use 5242880 to 64000000"):
        plan_chunks(EXAMPLE, chunk_size_bytes=chunk_size)

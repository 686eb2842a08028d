import time
from uuid import UUID

from tiktok_ops.ids import new_id


def test_make_id_gives_a_standard_uuid_of_version_7() -> None:
    made = new_id()
    assert type(made) is UUID
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_make_id_carries_the_milliseconds_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_make_many_ids_gives_different_ones_that_sort_by_time() -> None:
    made = [new_id() for _ in range(5_000)]
    assert len(set(made)) == 5_000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)

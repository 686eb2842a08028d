from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.unit.workflows.rows import wait_for_presence
from workflows import presence
from workflows.presence import LOCK_SPACE, Place, Post, Present, present

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def posts(committed_db: str) -> Iterator[list[Post]]:
    """Posts to be left when the test is over."""
    made: list[Post] = []
    yield made
    for post in made:
        post.leave()


def made(posts: list[Post], place: Place) -> Post:
    """Return a post nobody holds yet."""
    posts.append(Post(place))
    return posts[-1]


def cut_off(place: Place) -> None:
    """End the connection that holds the place, as a restart of the database would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND classid = %s AND objid = %s AND database = (SELECT oid FROM pg_database "
            "WHERE datname = current_database())",
            [LOCK_SPACE, int(place)],
        )


def test_look_around_where_nobody_is_up_finds_nobody() -> None:
    assert present() == Present(workers=0, keepers=0)


def test_hold_a_place_shows_until_it_is_left(posts: list[Post]) -> None:
    worker = made(posts, Place.WORKER)
    assert worker.hold()
    assert present() == Present(workers=1, keepers=0)
    worker.leave()
    wait_for_presence(Present(workers=0, keepers=0))


def test_hold_a_place_again_takes_it_no_second_time(posts: list[Post]) -> None:
    worker = made(posts, Place.WORKER)
    assert [worker.hold() for _ in range(3)] == [True, True, True]
    assert present().workers == 1


def test_hold_the_place_of_a_worker_is_for_many(posts: list[Post]) -> None:
    assert [made(posts, Place.WORKER).hold() for _ in range(3)] == [True, True, True]
    assert present() == Present(workers=3, keepers=0)


def test_hold_the_place_of_the_keeper_is_for_one(posts: list[Post]) -> None:
    first, second = made(posts, Place.KEEPER), made(posts, Place.KEEPER)
    assert [first.hold(), second.hold(), first.hold()] == [True, False, True]
    assert present() == Present(workers=0, keepers=1)
    first.leave()
    wait_for_presence(Present(workers=0, keepers=0))
    assert [second.hold(), first.hold()] == [True, False]


@pytest.mark.parametrize("place", list(Place))
def test_hold_a_place_whose_connection_was_cut_takes_it_again(posts: list[Post], place: Place) -> None:
    post = made(posts, place)
    assert post.hold()
    cut_off(place)
    assert [post.hold(), post.hold()] == [False, True]
    assert sum([present().workers, present().keepers]) == 1


def test_hold_the_keepers_place_that_was_cut_goes_to_whoever_asks_first(posts: list[Post]) -> None:
    first, second = made(posts, Place.KEEPER), made(posts, Place.KEEPER)
    first.hold()
    cut_off(Place.KEEPER)
    assert [second.hold(), first.hold(), first.hold()] == [True, False, False]


@pytest.mark.parametrize("place", Place)
def test_hold_a_place_in_silence_loses_it_to_whoever_asks(
    posts: list[Post], place: Place, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(presence, "LONGEST_SILENCE_SECONDS", 1)
    settings.KEEPER_SECONDS = 0.1
    frozen, other = made(posts, place), made(posts, place)
    assert frozen.hold()

    wait_for_presence(Present(0, 0))

    assert other.hold()
    assert not frozen.hold()  # it learns that it lost its connection
    assert frozen.hold() is (place is Place.WORKER)


def test_each_keeper_that_leads_does_so_for_a_higher_term(posts: list[Post]) -> None:
    terms: list[int] = []
    for _ in range(3):
        keeper = made(posts, Place.KEEPER)
        assert keeper.hold()
        assert keeper.term is not None
        terms.append(keeper.term)
        assert keeper.hold()
        assert keeper.term == terms[-1]  # holding on begins no other
        keeper.leave()
        wait_for_presence(Present(workers=0, keepers=0))
        assert keeper.term is None
    assert terms == sorted(set(terms))
    assert made(posts, Place.WORKER).hold()
    assert posts[-1].term is None  # a worker's place is for many


def test_keeper_that_stands_by_has_no_term_and_uses_none_up(posts: list[Post]) -> None:
    first, second = made(posts, Place.KEEPER), made(posts, Place.KEEPER)
    assert [first.hold(), second.hold(), second.hold()] == [True, False, False]
    assert second.term is None
    first_term = first.term
    first.leave()
    wait_for_presence(Present(workers=0, keepers=0))
    assert second.hold()
    assert first_term is not None
    assert second.term == first_term + 1


def test_keeper_whose_term_is_not_the_newest_leads_no_more(posts: list[Post]) -> None:
    keeper = made(posts, Place.KEEPER)
    assert keeper.hold()
    assert keeper.is_still_held()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{presence.TERMS}')")  # another took the lead, somehow
    assert not keeper.is_still_held()
    wait_for_presence(Present(workers=0, keepers=0))
    assert not keeper.is_still_held()
    assert keeper.hold()  # for a term of its own


@pytest.mark.parametrize("place", list(Place))
def test_hold_a_place_on_asks_one_question(posts: list[Post], place: Place) -> None:
    post = made(posts, place)
    assert post.hold()
    with CaptureQueriesContext(post._connection) as asked:
        assert post.hold()
    assert len(asked) == 1

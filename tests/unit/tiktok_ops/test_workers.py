"""Whether anybody answers doorbells is asked of one place."""

import pytest

from tiktok_ops import workers


@pytest.fixture
def nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody have said how many workers are up."""
    monkeypatch.setattr(workers, "_counts", [])


@pytest.mark.usefixtures("nobody_asked")
def test_ask_before_anybody_knows_complains_of_nothing() -> None:
    assert not workers.no_worker_is_up()


@pytest.mark.usefixtures("nobody_asked")
@pytest.mark.parametrize(("number", "is_missing"), [(0, True), (1, False), (4, False)])
def test_ask_how_many_are_up_says_when_none_is(number: int, is_missing: bool) -> None:
    workers.register_count(lambda: number)
    assert workers.no_worker_is_up() is is_missing


@pytest.mark.usefixtures("nobody_asked")
def test_register_a_second_count_is_refused() -> None:
    workers.register_count(lambda: 1)
    with pytest.raises(ValueError, match="register one count only"):
        workers.register_count(lambda: 2)


@pytest.mark.django_db
def test_ask_with_nothing_started_finds_no_worker() -> None:
    assert workers.no_worker_is_up()

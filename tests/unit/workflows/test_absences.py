"""Noticing that nobody works or keeps: after a minute, once, until somebody does."""

import pytest

from tests.factories.alerts import raised
from tiktok_ops.alerts.models import Alert
from workflows import absences
from workflows.absences import ABSENT_SECONDS, LOOK_SECONDS, Absence
from workflows.presence import Place, Present

pytestmark = pytest.mark.django_db


class World:
    """Who is up, and what time it is; `looks` counts how often somebody looked."""

    def __init__(self) -> None:
        self.up = Present(workers=1, keepers=1)
        self.now = 100.0
        self.looks = 0

    def present(self) -> Present:
        """Return who is up."""
        self.looks += 1
        return self.up

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(absences, "present", made.present)
    monkeypatch.setattr(absences, "time", made)
    return made


def live() -> list[str]:
    """Return the kinds of the alerts nobody resolved."""
    return list(Alert.objects.filter(status="open").values_list("kind", flat=True))


def pass_time(world: World, absence: Absence, seconds: float) -> None:
    """Let time pass, looking every second."""
    for _ in range(round(seconds)):
        world.now += 1
        absence.look()


@pytest.mark.parametrize(
    ("place", "missing", "kind"),
    [
        (Place.WORKER, Present(workers=0, keepers=1), "no_worker"),
        (Place.KEEPER, Present(workers=1, keepers=0), "no_keeper"),
    ],
)
def test_miss_somebody_for_a_minute_raises_an_alert_until_they_are_back(
    world: World, place: Place, missing: Present, kind: str
) -> None:
    absence = Absence(place)
    absence.look()
    world.up = missing
    pass_time(world, absence, ABSENT_SECONDS - 1)
    assert live() == []
    pass_time(world, absence, 2 * LOOK_SECONDS)
    assert live() == [kind]
    alert = Alert.objects.get()
    assert (alert.severity, alert.workspace, alert.times) == ("critical", None, 1)
    assert kind.removeprefix("no_") in alert.what_to_do
    pass_time(world, absence, 10 * LOOK_SECONDS)
    world.up = Present(workers=1, keepers=1)
    pass_time(world, absence, LOOK_SECONDS)
    assert live() == []
    alert.refresh_from_db()
    assert (alert.times, alert.resolved_by) == (1, "presence")


def test_miss_somebody_for_a_moment_raises_none(world: World) -> None:
    absence = Absence(Place.WORKER)
    for _ in range(5):
        world.up = Present(workers=0, keepers=1)
        pass_time(world, absence, ABSENT_SECONDS / 2)
        world.up = Present(workers=1, keepers=1)
        pass_time(world, absence, LOOK_SECONDS)
    assert not Alert.objects.exists()


def test_begin_where_somebody_is_there_resolves_what_the_one_before_raised(world: World) -> None:
    raised(kind="no_worker")
    raised(kind="no_keeper")
    Absence(Place.WORKER).look()
    assert live() == ["no_keeper"]


def test_look_often_asks_every_ten_seconds(world: World) -> None:
    absence = Absence(Place.WORKER)
    pass_time(world, absence, 100)
    assert world.looks == 100 / LOOK_SECONDS

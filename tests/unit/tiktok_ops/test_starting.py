"""What is looked at before a process begins: once each, in order, and the same for every kind of process."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tiktok_ops import starting
from tiktok_ops.errors import Refused
from tiktok_ops.queue.safety import check_safe
from tiktok_ops.starting import check_start, register_start_check
from workflows.sql import check_current


def test_start_checks_are_called_once_each_in_order_up_to_the_first_that_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "_checks", [])
    called: list[str] = []

    def first() -> None:
        called.append("first")

    def second() -> None:
        called.append("second")
        raise Refused("Not like this.")

    for check in (first, second, first, lambda: called.append("third")):
        register_start_check(check)
    with pytest.raises(Refused, match="Not like this"):
        check_start()
    assert called == ["first", "second"]


def test_start_checks_of_this_project_are_the_queue_and_the_functions() -> None:
    assert starting._checks == [check_safe, check_current]


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["worker", "keeper"])
def test_process_with_a_queue_that_is_not_safe_does_not_start(
    command: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": None}
    with pytest.raises(SystemExit) as ended:
        call_command(command)
    assert ended.value.code == 2
    assert "'timeout' is None" in capsys.readouterr().err

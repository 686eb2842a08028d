"""What a start loads, and what is checked of pages nothing loaded."""

import subprocess
import sys

import pytest
from django.core.checks import CheckMessage, Error, run_checks
from django.core.management import call_command
from django_q.models import Schedule, Task
from pytest_django import Settings

from tiktok_ops import apps
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.apps import check_pages
from tiktok_ops.commands import EXIT_REFUSED
from tiktok_ops.env import BASE_DIR
from tiktok_ops.pages import site

HEAVY = (
    "unfold.admin",
    "workflows.admin",
    "rest_framework.views",
    "anthropic",
    "httpx",
    "av",
    "tiktok_ops.urls",
)
"""What only pages, the API or a provider need."""

TELL = (
    "import sys, manage; manage.load(); print(' '.join(sorted(set(sys.argv[1:]) & set(sys.modules))), end='')"
)


def test_start_loads_neither_pages_nor_vendors() -> None:
    said = subprocess.run(
        [sys.executable, "-c", TELL, *HEAVY, "workflows.models"],
        cwd=BASE_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "workflows.models"


def test_check_examines_the_pages_of_every_app(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Error("A page is wrong.", id="admin.E999")

    def found(**_: object) -> list[CheckMessage]:
        return [wrong] if site.is_registered(TikTokAccount) else []

    assert check_pages(app_configs=None) == []
    monkeypatch.setattr(apps, "check_admin_app", found)
    assert run_checks(tags=["admin"]) == [wrong]


@pytest.mark.parametrize("model", [Schedule, Task])
def test_pages_of_the_queue_are_not_there(model: type[Schedule | Task]) -> None:
    assert not site.is_registered(model)


def test_worker_that_would_die_at_no_crash_point_is_refused_before_it_starts_a_cluster(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CRASH_AT = {"nowhere": 1}
    with pytest.raises(SystemExit) as ended:
        call_command("worker", skip_checks=False)
    assert ended.value.code == EXIT_REFUSED
    assert "CRASH_AT names 'nowhere', which is no crash point" in capsys.readouterr().err

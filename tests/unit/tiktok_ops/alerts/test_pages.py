"""The list of alerts, the page of one, its two buttons, and the count in the sidebar."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.factories.alerts import SENTENCE, alert_on, raised
from tests.factories.pages import World, make_world
from tests.factories.workflows import WorkflowRunFactory
from tiktok_ops.alerts.badge import open_alerts
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import acknowledge, resolve

pytestmark = pytest.mark.django_db

LIST = "/admin/alerts/alert/"


@pytest.fixture
def world() -> World:
    return make_world()


def page_of(alert: Alert) -> str:
    return f"{LIST}{alert.id}/change/"


def press(client: Client, alert: Alert, verb: str, **posted: str) -> Any:
    """Press a button and return the page it leads to."""
    return client.post(f"{LIST}{alert.id}/{verb}/", posted, follow=True)


def badge_of(client: Client) -> Any:
    """Return what the sidebar says beside "Alerts"."""
    groups: Any = client.get("/admin/").context["sidebar_navigation"]
    [item] = [item for group in groups for item in group["items"] if item["title"] == "Alerts"]
    return item["badge"]


def test_list_without_alerts_says_what_will_be_here(world: World) -> None:
    assert "Nothing to look at." in world.client("viewer").get(LIST).text


def test_list_shows_what_is_live_first_then_the_newest(world: World) -> None:
    over, seen, fresh = (alert_on(world.account) for _ in range(3))
    resolve(alert_id=over.id, by="a test")
    acknowledge(alert_id=seen.id, by="a test")
    answer: Any = world.client("viewer").get(LIST)
    assert [row.id for row in answer.context["cl"].result_list] == [fresh.id, seen.id, over.id]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=open", 1),
        ("status=resolved", 1),
        ("severity__exact=critical", 1),
        ("kind__icontains=parked", 1),
        ("", 2),
    ],
)
def test_list_by_filter_shows_those_that_fit(world: World, query: str, found: int) -> None:
    alert_on(world.account, severity=Alert.Severity.CRITICAL, kind="step_parked")
    resolve(alert_id=alert_on(world.account).id, by="a test")
    answer: Any = world.client("viewer").get(f"{LIST}?{query}")
    assert len(answer.context["cl"].result_list) == found


def test_page_says_what_happened_what_to_do_and_leads_to_what_it_is_about(world: World) -> None:
    run = WorkflowRunFactory.create(account=world.account)
    alert = alert_on(world.account, about=run)
    page = world.client("operator").get(page_of(alert)).text
    assert SENTENCE.replace("'", "&#x27;") in page
    assert "Try it again." in page
    assert "Open the run</a>" in page
    assert reverse("admin:workflows_workflowrun_change", args=[run.id]) in page
    assert ("Acknowledge</button>" in page, "Resolve</button>" in page) == (True, True)


def test_page_of_what_has_no_page_leads_nowhere(world: World) -> None:
    for about in ("here", WorkflowRunFactory.create(account=world.account).events.model(id=1)):
        alert = raised(about=about) if isinstance(about, str) else alert_on(world.account)
        Alert.objects.filter(id=alert.id).update(
            subject_type="" if isinstance(about, str) else "workflows.runevent",
            subject_id=None if isinstance(about, str) else alert.id,
        )
        assert "arrow_forward" not in world.client("superuser").get(page_of(alert)).text


def test_page_shows_characters_that_cannot_be_seen_and_no_markup(world: World) -> None:
    alert = alert_on(world.account, sentence="It said <b>\u202eno</b>.", what_to_do="<i>Look.</i>")
    page = world.client("viewer").get(page_of(alert)).text
    assert "It said &lt;b&gt;[U+202E]no&lt;/b&gt;." in page
    assert "&lt;i&gt;Look.&lt;/i&gt;" in page


def test_acknowledge_on_the_page_shows_who_looks_into_it(world: World) -> None:
    alert = alert_on(world.account)
    page = press(world.client("operator"), alert, "acknowledge", note="On it.").text
    assert "the others see that you look into it" in page
    assert "On it." in page
    assert ("Acknowledge</button>" in page, "Resolve</button>" in page) == (False, True)
    alert.refresh_from_db()
    assert alert.status == "acknowledged"


def test_resolve_on_the_page_takes_the_buttons_away(world: World) -> None:
    alert = alert_on(world.account)
    page = press(world.client("owner"), alert, "resolve").text
    assert "Should it happen again, that is another alert." in page
    assert "Resolve</button>" not in page
    page = press(world.client("owner"), alert, "resolve").text
    assert "This alert was resolved already, by" in page


@pytest.mark.parametrize("name", ["viewer", "approver", "finance", "auditor"])
@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
def test_answer_without_the_role_has_no_button_and_is_refused(world: World, name: str, verb: str) -> None:
    alert, client = alert_on(world.account), world.client(name)
    assert "Operators and owners answer it." in client.get(page_of(alert)).text
    assert client.post(f"{LIST}{alert.id}/{verb}/").status_code == 403
    alert.refresh_from_db()
    assert alert.status == "open"


@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
def test_answer_in_another_workspace_finds_nothing(world: World, verb: str) -> None:
    alert = alert_on(world.account)
    assert world.client("stranger").post(f"{LIST}{alert.id}/{verb}/").status_code == 404


@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
def test_get_where_a_button_leads_goes_to_the_page_and_changes_nothing(world: World, verb: str) -> None:
    alert = alert_on(world.account)
    answer: Any = world.client("owner").get(f"{LIST}{alert.id}/{verb}/")
    assert (answer.status_code, answer.url) == (302, page_of(alert))
    alert.refresh_from_db()
    assert alert.status == "open"


def test_alert_of_the_installation_is_for_superusers(world: World) -> None:
    alert = raised()
    assert SENTENCE.replace("'", "&#x27;") in world.client("superuser").get(page_of(alert)).text
    assert world.client("owner").get(page_of(alert)).status_code == 302
    assert "There is nothing" not in world.client("owner").get(LIST).text


def test_sidebar_counts_the_open_alerts_a_person_sees(world: World) -> None:
    raised()
    alert_on(world.account)
    acknowledge(alert_id=alert_on(world.account).id, by="a test")
    counts = {
        name: badge_of(world.client(name)) for name in ("viewer", "client", "stranger", "nobody", "superuser")
    }
    assert counts == {"viewer": 1, "client": 1, "stranger": 0, "nobody": 0, "superuser": 2}


def test_count_alerts_for_nobody_counts_none() -> None:
    raised()
    request = RequestFactory().get("/admin/login/")
    request.user = AnonymousUser()
    assert open_alerts(request) == 0

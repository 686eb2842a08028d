"""The pages of guardrail policies and findings: plain words for everybody, two forms for owners."""

from copy import deepcopy
from typing import Any

import pytest

from agents.guardrails.models import GuardrailPolicy
from agents.guardrails.policy import Preset
from agents.guardrails.registry import DETECTORS
from agents.guardrails.services import save_policy
from tests.factories.guardrails import finding_on, policy_of
from tests.factories.pages import World, agent_run, make_world

pytestmark = pytest.mark.django_db

POLICIES = "/admin/agents/guardrailpolicy/"
FINDINGS = "/admin/agents/guardrailfinding/"


@pytest.fixture(scope="module")
def made_world(module_rows: None) -> World:
    """Make the world once for the module, and sign everybody in."""
    world = make_world()
    world.sign_in()
    return world


@pytest.fixture
def world(db: None, made_world: World) -> World:
    """Return a workspace with everybody in it, and strangers."""
    return deepcopy(made_world)


def text(world: World, address: str, name: str = "viewer") -> str:
    """Return a page as this person sees it."""
    return world.client(name).get(address).content.decode()


def form_of(policy: GuardrailPolicy, **changes: str) -> dict[str, str]:
    """Return what the form of a policy posts, with changes."""
    verdicts = {name: rule["verdict"] for name, rule in policy.rules.items()}
    empty = dict.fromkeys(("note", "allowed_domains", "competitors", "patterns", "thresholds"), "")
    return {**verdicts, **empty, **changes}


def edit(world: World, policy: GuardrailPolicy, **changes: str) -> Any:
    """Post the form of a policy as an owner."""
    return world.client("owner").post(f"{POLICIES}{policy.pk}/edit/", form_of(policy, **changes))


def test_open_policy_says_in_plain_words_what_holds(world: World) -> None:
    policy = policy_of(world.workspace, competitors=["Glimmer <b>"], allowed_domains=["example.com"])
    page = text(world, f"{POLICIES}{policy.pk}/change/")
    for detector in DETECTORS.values():
        assert detector.label.replace("'", "&#x27;") in page
    for words in (
        "Standard: personal data and secrets are kept from the model",
        "Taken out for the model, held for a person where it would leave",
        "example.com",
        "Glimmer &lt;b&gt;",
        "A check that cannot run holds the content",
    ):
        assert words in page
    assert "This is an earlier version." not in page


def test_open_an_earlier_policy_leads_to_the_one_that_holds(world: World) -> None:
    first, second = policy_of(world.workspace), policy_of(world.workspace, preset=Preset.REGULATED)
    page = text(world, f"{POLICIES}{first.pk}/change/")
    assert f"{POLICIES}{second.pk}/change/" in page
    assert "from 30% sure" in text(world, f"{POLICIES}{second.pk}/change/")


def test_list_policies_tells_which_version_holds(world: World) -> None:
    policy_of(world.workspace)
    save_policy(workspace_id=world.workspace.id, verdicts={"email": "hold"}, by="a test")
    page = text(world, POLICIES)
    assert page.count('ops-badge-good">holds<') == 1
    assert page.count('ops-badge-neutral">earlier<') == 1
    assert "Of its own" in page


def test_list_policies_where_there_are_none_says_what_holds_and_what_to_do(world: World) -> None:
    assert "the standard preset holds" in text(world, POLICIES)


def test_adopt_a_preset_on_its_form_makes_the_first_version(world: World) -> None:
    given = {"workspace": str(world.workspace.pk), "preset": "regulated", "note": "We sell medicine."}
    world.client("owner").post(f"{POLICIES}add/", given)
    row = GuardrailPolicy.objects.get()
    assert (row.version, row.preset, row.note) == (1, "regulated", "We sell medicine.")
    assert row.created_by == world.people["owner"]


@pytest.mark.parametrize("preset", ["", "strict"])
def test_adopt_no_preset_asks_for_one(world: World, preset: str) -> None:
    answer = world.client("owner").post(
        f"{POLICIES}add/", {"workspace": str(world.workspace.pk), "preset": preset}
    )
    assert answer.status_code == 200
    assert not GuardrailPolicy.objects.exists()


def test_change_a_policy_on_its_form_saves_the_next_version(world: World) -> None:
    policy = policy_of(world.workspace)
    answer = edit(
        world,
        policy,
        email="block",
        allowed_domains="example.com\n\nexample.org",
        competitors="Glimmer",
        patterns="promo hold PROMO \\d+",
        thresholds='{"phone": 0.8}',
        note="Spring.",
    )
    saved = GuardrailPolicy.objects.get(version=2)
    assert answer.headers["Location"] == f"{POLICIES}{saved.pk}/change/"
    assert saved.rules["email"]["verdict"] == "block"
    assert saved.rules["phone"] == {"verdict": "redact", "threshold": 0.8}
    assert (saved.allowed_domains, saved.competitors) == (["example.com", "example.org"], ["Glimmer"])
    assert saved.patterns == [{"name": "promo", "pattern": "PROMO \\d+", "verdict": "hold"}]
    form = text(world, f"{POLICIES}{saved.pk}/edit/", "owner")
    assert "promo hold PROMO \\d+" in form


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patterns": "promo PROMO"}, "is no pattern: write a name"),
        ({"patterns": "promo hold (a+)+b"}, "it repeats a repetition"),
        ({"thresholds": "phone"}, "This is not JSON"),
        ({"thresholds": "[1]"}, "names no detectors"),
        ({"allowed_domains": "https://x.com/"}, "does not do: write it as example.com"),
        ({"email": "shout"}, "Select a valid choice"),
    ],
)
def test_change_a_policy_to_what_does_not_do_says_why(
    world: World, changes: dict[str, str], sentence: str
) -> None:
    answer = edit(world, policy_of(world.workspace), **changes)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert GuardrailPolicy.objects.count() == 1


@pytest.mark.parametrize("name", ["operator", "approver", "viewer", "client", "stranger", "auditor"])
def test_change_a_policy_by_who_is_no_owner_is_refused(world: World, name: str) -> None:
    policy = policy_of(world.workspace)
    answer = world.client(name).post(f"{POLICIES}{policy.pk}/edit/", form_of(policy, email="allow"))
    assert answer.status_code in {302, 403}
    assert GuardrailPolicy.objects.count() == 1


def test_change_an_earlier_policy_is_refused(world: World) -> None:
    first = policy_of(world.workspace)
    policy_of(world.workspace)
    assert edit(world, first, email="allow").status_code == 403
    assert GuardrailPolicy.objects.count() == 2


def test_change_a_policy_changed_meanwhile_is_refused(world: World) -> None:
    policy = policy_of(world.workspace)
    form, posted = world.client("owner"), form_of(policy, email="allow", note="late")
    opened = form.get(f"{POLICIES}{policy.pk}/edit/")
    assert opened.status_code == 200
    policy_of(world.workspace)
    assert form.post(f"{POLICIES}{policy.pk}/edit/", posted).status_code == 403


def test_list_findings_says_what_was_found_where_and_what_became_of_it(world: World) -> None:
    run = agent_run(world.account)
    finding_on(world.account, agent_run=run)
    finding_on(world.account, detector="all", category="fault", kind="it took too long", offset=0, length=0)
    finding_on(world.account, detector="custom:promo", category="custom", verdict="flag")
    page = text(world, FINDINGS)
    for words in (
        "E-mail addresses",
        "A check that could not run",
        "promo",
        "What a person was asked",
        'ops-badge-warning">hold<',
        'ops-badge-info">flag<',
    ):
        assert words in page, words


def test_open_finding_leads_to_where_it_was_found(world: World) -> None:
    run = agent_run(world.account)
    row = finding_on(world.account, agent_run=run, run_id=run.run_id, request_id=run.id, field="")
    page = text(world, f"{FINDINGS}{row.pk}/change/")
    assert f"/admin/agents/agentrun/{run.pk}/change/" in page
    assert f"/admin/workflows/workflowrun/{run.run_id}/change/" in page
    assert f"/admin/approvals/approvalrequest/{run.id}/change/" in page
    assert "98.0 %" in page

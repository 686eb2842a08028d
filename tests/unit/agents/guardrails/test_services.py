"""What owners do to a guardrail policy, and what is refused, in one sentence each."""

from typing import Any

import pytest

from agents.guardrails.current import current_policy
from agents.guardrails.models import GuardrailPolicy
from agents.guardrails.policy import CustomPattern, Preset, Verdict
from agents.guardrails.registry import DETECTORS
from agents.guardrails.services import (
    PolicyMovedOn,
    PolicyNotYours,
    PolicyRefused,
    adopt_preset,
    save_policy,
)
from tests.factories.accounts import MembershipFactory, WorkspaceFactory, person
from tests.factories.checking import broken_checker
from tests.factories.guardrails import policy_of
from tiktok_ops.accounts.models import User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db

PROMO = CustomPattern("promo", r"PROMO-\d{4}", Verdict.HOLD)


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def owner(workspace: Workspace) -> User:
    return person(workspace, Role.OWNER)


def test_read_the_policy_of_a_workspace_without_one_is_the_standard_preset(workspace: Workspace) -> None:
    policy = current_policy(workspace.id)
    assert (policy.version, policy.preset) == (0, Preset.STANDARD)


def test_adopt_a_preset_makes_the_next_version_and_keeps_the_lists(workspace: Workspace, owner: User) -> None:
    policy_of(workspace, allowed_domains=["example.com"], competitors=["Glimmer"])
    row = adopt_preset(workspace_id=workspace.id, preset="regulated", by=owner, note=" We grew. ")
    assert (row.version, row.preset, row.note, row.created_by) == (2, "regulated", "We grew.", owner)
    policy = current_policy(workspace.id)
    assert policy.verdicts["card"] is Verdict.BLOCK
    assert (policy.allowed_domains, policy.competitors) == (("example.com",), ("Glimmer",))
    audited = AuditEvent.objects.get(verb="guardrail_policy.adopted")
    assert audited.data["verdicts"]["card"] == "block"
    assert audited.workspace_id == workspace.id


def test_save_a_policy_changes_what_is_named_and_keeps_the_rest(workspace: Workspace, owner: User) -> None:
    row = save_policy(
        workspace_id=workspace.id,
        verdicts={"email": "block"},
        thresholds={"phone": 0.8},
        patterns=[PROMO],
        allowed_domains=["WWW.Example.com", "example.com", " "],
        competitors=["Glimmer  GmbH"],
        by=owner,
        seen_version=0,
    )
    assert (row.version, row.preset) == (1, "custom")
    policy = current_policy(workspace.id)
    assert (policy.verdicts["email"], policy.verdicts["phone"]) == (Verdict.BLOCK, Verdict.REDACT)
    assert (policy.thresholds["phone"], policy.thresholds["email"]) == (0.8, 0.5)
    assert policy.patterns == (PROMO,)
    assert (policy.allowed_domains, policy.competitors) == (("example.com",), ("Glimmer GmbH",))
    assert AuditEvent.objects.filter(verb="guardrail_policy.saved").count() == 1


def test_save_a_policy_by_a_process_names_nobody(workspace: Workspace) -> None:
    assert adopt_preset(workspace_id=workspace.id, preset="starter", by="a test").created_by is None


def test_save_a_policy_that_somebody_else_changed_meanwhile_is_refused(
    workspace: Workspace, owner: User
) -> None:
    policy_of(workspace)
    with pytest.raises(PolicyMovedOn):
        save_policy(workspace_id=workspace.id, verdicts={}, by=owner, seen_version=0)
    assert GuardrailPolicy.objects.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_change_a_policy_by_who_is_no_owner_is_refused(workspace: Workspace, role: Role) -> None:
    with pytest.raises(PolicyNotYours):
        adopt_preset(workspace_id=workspace.id, preset="starter", by=person(workspace, role))


def test_change_a_policy_by_an_owner_of_brands_or_elsewhere_or_gone_is_refused(workspace: Workspace) -> None:
    of_brands = MembershipFactory.create(workspace=workspace, role=Role.OWNER, reach="brands").user
    elsewhere = person(WorkspaceFactory.create(), Role.OWNER)
    gone = person(workspace, Role.OWNER, is_active=False)
    for somebody in (of_brands, elsewhere, gone):
        with pytest.raises(PolicyNotYours):
            save_policy(workspace_id=workspace.id, verdicts={}, by=somebody)
    assert not GuardrailPolicy.objects.exists()


def test_adopt_what_is_no_preset_is_refused(workspace: Workspace, owner: User) -> None:
    for name in ("custom", "strict"):
        with pytest.raises(PolicyRefused, match=f"There is no preset '{name}'"):
            adopt_preset(workspace_id=workspace.id, preset=name, by=owner)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"verdicts": {"emial": "hold"}}, "There is no detector 'emial'"),
        ({"verdicts": {"email": "shout"}}, "The verdict of 'email' is 'shout'"),
        ({"thresholds": {"emial": 0.5}}, "There is no detector 'emial'"),
        ({"thresholds": {"email": 2}}, "The threshold of 'email' is 2"),
        ({"thresholds": {"email": True}}, "The threshold of 'email' is True"),
        ({"thresholds": {"email": "x"}}, "The threshold of 'email' is 'x'"),
        ({"allowed_domains": ["https://example.com/"]}, "The domain 'https://example.com/' does not do"),
        ({"allowed_domains": [f"a{n}.com" for n in range(201)]}, "There are 201 domains"),
        ({"competitors": ["x" * 101]}, "The competitor 'xxxxxxxxxxxxxxxxxxxx'… is longer than 100"),
        ({"patterns": [PROMO, PROMO]}, "The pattern's name 'promo' does not do"),
        ({"patterns": [CustomPattern("No!", "x", Verdict.HOLD)]}, "The pattern's name 'No!' does not do"),
        (
            {"patterns": [CustomPattern(f"p{n}", "xy", Verdict.HOLD) for n in range(51)]},
            "There are 51 patterns",
        ),
        ({"patterns": [CustomPattern("p", "(", Verdict.HOLD)]}, "it is no regular expression"),
        ({"patterns": [CustomPattern("p", "x*", Verdict.HOLD)]}, "it matches no text at all"),
        ({"patterns": [CustomPattern("p", "x" * 201, Verdict.HOLD)]}, "it has 201 characters"),
        ({"patterns": [CustomPattern("p", "(a+)+b", Verdict.HOLD)]}, "it repeats a repetition"),
        ({"patterns": [CustomPattern("p", r"(?:x(?:ab*|c))+", Verdict.HOLD)]}, "it repeats a repetition"),
        ({"patterns": [CustomPattern("p", r"(\w)\1", Verdict.HOLD)]}, "it refers back to a group"),
        (
            {"patterns": [CustomPattern("p", r"a*a*a*a*a*a*b", Verdict.HOLD)]},
            "it took too long: make it simpler",
        ),
    ],
)
def test_save_a_policy_that_does_not_do_is_refused_with_the_reason(
    workspace: Workspace, owner: User, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PolicyRefused, match=None) as refusal:
        save_policy(workspace_id=workspace.id, by=owner, **{"verdicts": {}, **values})
    assert sentence in str(refusal.value)
    assert not GuardrailPolicy.objects.exists()


def test_save_a_pattern_that_cannot_be_tried_is_refused(workspace: Workspace, owner: User) -> None:
    with broken_checker(), pytest.raises(PolicyRefused, match="it could not be tried"):
        save_policy(workspace_id=workspace.id, verdicts={}, patterns=[PROMO], by=owner)


def test_save_a_pattern_found_everywhere_is_taken_for_it_is_quick(workspace: Workspace, owner: User) -> None:
    everywhere = CustomPattern("any", ".", Verdict.FLAG)
    save_policy(workspace_id=workspace.id, verdicts={}, patterns=[everywhere], by=owner)
    assert set(current_policy(workspace.id).rules()) == set(DETECTORS)

import pytest

from tests.factories.accounts import AccountFactory
from tests.factories.agents import made_agent, use_agents
from tests.factories.batches import batch_of
from tests.factories.workflows import agent_node, report_node, workflow_of
from tiktok_ops.audit.models import AuditEvent
from workflows import catalogue
from workflows.catalogue import (
    WORKFLOWS,
    WorkflowUnknown,
    by_slug,
    find_workflow,
    known_slugs,
    label_of,
    load_definition,
    newest_label,
    store_definition,
)
from workflows.models import Batch, WorkflowDefinition
from workflows.nodes import Workflow
from workflows.services import start_run
from workflows.validation import DefinitionRefused

pytestmark = pytest.mark.django_db

ONE = workflow_of(agent_node("a"), slug="given")
TWO = workflow_of(agent_node("a"), report_node("r", "a"), slug="given")
CYCLIC = workflow_of(agent_node("a", "b"), agent_node("b", "a"), slug="given")


def test_list_workflows_by_slug_refuses_two_of_one_name() -> None:
    with pytest.raises(ValueError, match="Two workflows are called 'given'"):
        by_slug([ONE, TWO])
    assert by_slug([ONE]) == {"given": ONE}


def test_list_workflows_of_code_holds_the_audit_and_cannot_be_changed() -> None:
    assert WORKFLOWS["profile_audit"].slug == "profile_audit"
    with pytest.raises(TypeError):
        WORKFLOWS["other"] = ONE  # type: ignore[index]


def test_find_workflow_of_code_stores_nothing() -> None:
    assert find_workflow("profile_audit") is WORKFLOWS["profile_audit"]
    assert not WorkflowDefinition.objects.exists()


def test_find_workflow_of_code_that_cannot_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "WORKFLOWS", by_slug([CYCLIC]))
    with pytest.raises(DefinitionRefused, match="in a circle: a → b → a"):
        find_workflow("given")


def test_find_unknown_workflow_is_refused_naming_those_there_are() -> None:
    store_definition(ONE, by="test")
    with pytest.raises(WorkflowUnknown) as refusal:
        find_workflow("nothing")
    known = "given, own_post, photo_post, post_draft, profile_audit, studio_clip"
    assert str(refusal.value) == f"There is no workflow 'nothing'; there are {known}."
    assert known_slugs() == ["given", "own_post", "photo_post", "post_draft", "profile_audit", "studio_clip"]


def test_find_loaded_workflow_gives_its_newest_version() -> None:
    load_definition(ONE.model_dump(mode="json"), by="test")
    load_definition(TWO.model_dump(mode="json"), by="test")
    assert find_workflow("given") == TWO


def test_find_loaded_workflow_whose_agent_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store_definition(ONE, by="test")
    use_agents(monkeypatch, made_agent("other"))
    with pytest.raises(DefinitionRefused, match="asks for the agent 'account_health'; there are other"):
        find_workflow("given")


def test_start_workflow_of_code_that_changed_runs_the_next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    account = AccountFactory.create()
    definitions = []
    for workflow in (ONE, ONE, TWO):
        monkeypatch.setattr(catalogue, "WORKFLOWS", by_slug([workflow]))
        definitions.append(start_run("given", account_id=account.id, by="test").definition)
    assert [definition.version for definition in definitions] == [1, 1, 2]
    assert definitions[0] == definitions[1]
    assert definitions[2].definition == TWO.model_dump(mode="json")
    assert definitions[2].digest == TWO.digest


def test_load_definition_twice_stores_it_once_and_on_record() -> None:
    first = load_definition(ONE.model_dump(mode="json"), by="ana")
    assert load_definition(ONE.model_dump(mode="json"), by="ben") == first
    assert str(first) == "given v1"
    entry = AuditEvent.objects.get(verb="workflow.stored")
    assert (entry.actor, entry.subject, entry.workspace_id) == ("ana", "given v1", None)
    assert entry.data == {"digest": ONE.digest}


def test_load_definition_under_a_name_of_code_is_refused() -> None:
    definition = workflow_of(agent_node("a"), slug="profile_audit").model_dump(mode="json")
    with pytest.raises(WorkflowUnknown, match="'profile_audit' is defined in code: give yours another slug"):
        load_definition(definition, by="test")
    assert not WorkflowDefinition.objects.exists()


def test_load_definition_that_cannot_run_stores_nothing() -> None:
    with pytest.raises(DefinitionRefused, match="in a circle: a → b → a"):
        load_definition(CYCLIC.model_dump(mode="json"), by="test")
    assert not WorkflowDefinition.objects.exists()
    assert not AuditEvent.objects.exists()


def test_store_definition_another_was_first_to_store_takes_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Workflow] = []

    def look(workflow: Workflow) -> WorkflowDefinition | None:
        """Find nothing at first: the other stores it between the look and the lock."""
        looked.append(workflow)
        return None if len(looked) == 1 else WorkflowDefinition.objects.get()

    first = store_definition(ONE, by="test")
    monkeypatch.setattr(catalogue, "_newest_like", look)
    assert store_definition(ONE, by="late") == first
    assert AuditEvent.objects.count() == 1


def test_store_definition_of_an_older_content_again_is_the_newest_version() -> None:
    other = ONE.model_copy(update={"purpose": "For another test."})
    stored = [store_definition(workflow, by="test") for workflow in (ONE, other, ONE, ONE)]
    assert [definition.version for definition in stored] == [1, 2, 3, 3]
    assert stored[0].digest == stored[2].digest


def test_label_of_a_workflow_is_what_code_or_else_its_newest_version_calls_it() -> None:
    for label in ("As it was", "As it is"):
        made = workflow_of(agent_node("a"), slug="made").model_copy(update={"label": label})
        store_definition(made, by="a test")
    batch = batch_of(AccountFactory.create(), [])
    Batch.objects.filter(id=batch.id).update(workflow="made")
    labels = Batch.objects.annotate(label=newest_label("workflow")).values_list("label", flat=True)
    assert list(labels) == ["As it is"]
    assert label_of("made", stored="As it is") == label_of("made") == "As it is"
    assert label_of("profile_audit", stored="Another") == "Profile audit"
    assert label_of("gone") == "gone"

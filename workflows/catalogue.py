"""Every workflow there is. To add one: its module in `definitions`, a line here.

The database keeps every version ever run (`WorkflowDefinition`); a run pins the one it began with.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from tiktok_ops.audit.services import record
from tiktok_ops.errors import Refused
from tiktok_ops.prepared import fetch
from tiktok_ops.registries import registry
from workflows.definitions import (
    campaign_launch,
    content_batch,
    live_show,
    own_post,
    photo_post,
    post_draft,
    post_launch_loop,
    profile_audit,
    shop_sync,
    studio_clip,
    sync_account,
    video_production,
)
from workflows.models import WorkflowDefinition
from workflows.nodes import Workflow
from workflows.validation import DefinitionRefused, check_workflow, parse_workflow


class WorkflowUnknown(Refused):
    """There is no such workflow."""


def by_slug(workflows: Iterable[Workflow]) -> MappingProxyType[str, Workflow]:
    """Return the workflows by slug; raises `ValueError` when two share one."""
    return registry(workflows, name=lambda workflow: workflow.slug, called="workflows")


WORKFLOWS = by_slug(
    [
        profile_audit.workflow,
        post_draft.workflow,
        own_post.workflow,
        photo_post.workflow,
        studio_clip.workflow,
        sync_account.workflow,
        content_batch.workflow,
        campaign_launch.workflow,
        post_launch_loop.workflow,
        video_production.workflow,
        shop_sync.workflow,
        live_show.workflow,
    ]
)


def find_workflow(slug: str) -> Workflow:
    """Return a workflow that can run: the one code defines, or the newest version stored.

    Raises `WorkflowUnknown` naming those there are, and `DefinitionRefused` when it cannot run.
    """
    return find_definition(slug)[0]


def find_definition(slug: str) -> tuple[Workflow, WorkflowDefinition | None]:
    """Return a workflow that can run as `find_workflow` does, with its stored version, if it is stored as it is now."""
    newest = _newest(slug)
    if slug in WORKFLOWS:
        workflow = WORKFLOWS[slug]
        check_workflow(workflow)
        return workflow, newest if newest and newest.digest == workflow.digest else None
    if newest is None:
        raise WorkflowUnknown(f"There is no workflow {slug!r}; there are {', '.join(known_slugs())}.")
    return workflow_of(newest.id), newest


@lru_cache(maxsize=256)
def workflow_of(definition_id: UUID) -> Workflow:
    """Read a stored version and check it, once in a process: it never changes.

    Raises `DefinitionRefused`, each time.
    """
    return parse_workflow(_definition(definition_id).definition)


def current_workflows() -> list[tuple[Workflow, int]]:
    """Return each workflow that can run, by slug, with the version a run started now would have."""
    newest = {
        row.slug: row for row in WorkflowDefinition.objects.order_by("slug", "-version").distinct("slug")
    }
    found = [(workflow, _version(workflow, newest.get(slug))) for slug, workflow in WORKFLOWS.items()]
    for slug, row in newest.items():
        if slug in WORKFLOWS:
            continue
        # What was stored may ask for what is gone since; it can no longer be started.
        with suppress(DefinitionRefused):
            found.append((parse_workflow(row.definition), row.version))
    return sorted(found, key=lambda each: each[0].slug)


def _version(workflow: Workflow, newest: WorkflowDefinition | None) -> int:
    """Return the version of a workflow of code, which is stored when it is first run."""
    if newest is None:
        return 1
    return newest.version if newest.digest == workflow.digest else newest.version + 1


def newest_label(slug_field: str) -> Coalesce:
    """Return an annotation with what the newest stored version calls the workflow `slug_field` names, or ""."""
    newest = WorkflowDefinition.objects.filter(slug=OuterRef(slug_field)).order_by("-version")
    label = Subquery(newest.values(label=KT("definition__label"))[:1], output_field=TextField())
    return Coalesce(label, Value(""), output_field=TextField())


def label_of(slug: str, *, stored: str | None = None) -> str:
    """Return what people call a workflow: as code calls it, else as it is stored, else its slug.

    Lists give what is `stored` (`newest_label`); without it, it is read for a workflow that code does not define.
    """
    if slug in WORKFLOWS:
        return WORKFLOWS[slug].label
    if stored is None and (newest := _newest(slug)):
        stored = newest.definition.get("label")
    return stored or slug


def known_slugs() -> list[str]:
    """Return the slugs of all workflows, of code and of the database, sorted."""
    return sorted({*WORKFLOWS, *WorkflowDefinition.objects.values_list("slug", flat=True)})


def load_definition(definition: Any, *, by: str) -> WorkflowDefinition:
    """Check a definition given as JSON and store it as the newest version of its slug.

    Raises `DefinitionRefused`, also for the slug of a workflow that code defines.
    """
    workflow = parse_workflow(definition)
    if workflow.slug in WORKFLOWS:
        raise WorkflowUnknown(
            f"The workflow {workflow.slug!r} is defined in code: give yours another slug, or change the module."
        )
    return store_definition(workflow, by=by)


def store_definition(workflow: Workflow, *, by: str) -> WorkflowDefinition:
    """Return the newest version if it has this very content, else store it as the next version."""
    if stored := _newest_like(workflow):
        return stored
    with transaction.atomic():
        _lock_slug(workflow.slug)
        # Another transaction may have been first to store it.
        return _newest_like(workflow) or _store(workflow, by=by)


def _newest_like(workflow: Workflow) -> WorkflowDefinition | None:
    """Return the newest version of the workflow's slug, if its content is the same."""
    newest = _newest(workflow.slug)
    return newest if newest and newest.digest == workflow.digest else None


def _newest(slug: str) -> WorkflowDefinition | None:
    """Return the newest stored version; which one it is, is asked each time, what it says once in a process."""
    found = fetch(
        "SELECT id FROM workflows_workflowdefinition WHERE slug = %s ORDER BY version DESC LIMIT 1", [slug]
    )
    return _definition(found[0][0]) if found else None


@lru_cache(maxsize=256)
def _definition(definition_id: UUID) -> WorkflowDefinition:
    return WorkflowDefinition.objects.get(id=definition_id)


def _lock_slug(slug: str) -> None:
    """Let one transaction at a time number the versions of a slug."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"workflow {slug}"])


def _store(workflow: Workflow, *, by: str) -> WorkflowDefinition:
    """Store the next version; the caller holds the slug's lock."""
    versions = WorkflowDefinition.objects.filter(slug=workflow.slug)
    definition = WorkflowDefinition.objects.create(
        slug=workflow.slug,
        version=versions.aggregate(newest=Max("version", default=0))["newest"] + 1,
        definition=workflow.model_dump(mode="json"),
        digest=workflow.digest,
    )
    record("workflow.stored", by=by, subject=definition, workspace_id=None, data={"digest": workflow.digest})
    return definition

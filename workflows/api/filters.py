"""What runs, their events and their artifacts can be narrowed to."""

from django_filters.rest_framework import CharFilter, ChoiceFilter

from tiktok_ops.content.models import Artifact
from tiktok_ops.rest.filters import Filters, id_filter, since_filter
from workflows.transitions import RUN, STEP


class RunFilters(Filters):
    """Filters of runs; `workflow` is a slug."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    batch = id_filter("batch")
    replay_of = id_filter("replay_of")
    workflow = CharFilter(field_name="definition__slug")
    status = ChoiceFilter(choices=[(status, status) for status in RUN.statuses])
    created_since = since_filter("created_at")
    finished_since = since_filter("finished_at")


class StepFilters(Filters):
    """Filters of a run's steps."""

    status = ChoiceFilter(choices=[(status, status) for status in STEP.statuses])
    key = CharFilter()


class EventFilters(Filters):
    """Filters of a run's events."""

    kind = CharFilter()


class ArtifactFilters(Filters):
    """Filters of what a run made."""

    kind = ChoiceFilter(choices=Artifact.Kind.choices)

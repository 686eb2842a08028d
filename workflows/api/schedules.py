"""`/api/v1/schedules/`: what starts by itself, when, and how the last time went."""

from django_filters.rest_framework import CharFilter, ChoiceFilter
from rest_framework import serializers

from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.filters import Filters, before_filter, id_filter, since_filter
from tiktok_ops.rest.resources import ReadResource
from tiktok_ops.rest.serializers import ResourceSerializer, UtcField
from workflows.api.serializers import RunAccountSerializer
from workflows.schedules.models import Schedule, ScheduleFiring
from workflows.schedules.overview import when_in_words
from workflows.schedules.timing import KIND_LABELS


class ScheduleFilters(Filters):
    """Filters of schedules; `workflow` is a slug."""

    workspace = id_filter("workspace")
    brand = id_filter("account__brand")
    account = id_filter("account")
    workflow = CharFilter()
    kind = ChoiceFilter(choices=[(kind.value, label) for kind, label in KIND_LABELS.items()])
    due_before = before_filter("next_due_at")
    created_since = since_filter("created_at")


class FiringSerializer(serializers.Serializer[ScheduleFiring]):
    """A due time that was met: with its run, or with the sentence that says why there is none."""

    due_at = UtcField()
    fired_at = UtcField()
    cause = serializers.CharField()
    run_id = serializers.UUIDField(allow_null=True)
    refusal = serializers.CharField()


class ScheduleSerializer(ResourceSerializer[Schedule]):
    """A schedule; `kept_by` is in whose name it starts runs, `when` says the expression in words."""

    account = RunAccountSerializer()
    when = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=["active", "failing", "paused", "done", "removed"])
    last_firing = FiringSerializer(allow_null=True)
    created_by = serializers.SerializerMethodField()
    kept_by = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = (
            "id",
            "sandbox",
            "workspace_id",
            "account",
            "name",
            "workflow",
            "input",
            "kind",
            "expression",
            "when",
            "time_zone",
            "catch_up",
            "state",
            "next_due_at",
            "last_firing",
            "created_by",
            "kept_by",
            "created_at",
            "removed_at",
        )

    def get_sandbox(self, row: Schedule) -> bool:
        """Return whether the schedule's account is of the sandbox."""
        return super().get_sandbox(row.account)

    def get_when(self, schedule: Schedule) -> str:
        """Return when it is due, in words."""
        return when_in_words(schedule)

    def get_created_by(self, schedule: Schedule) -> str | None:
        """Return who made it as the audit trail names actors; None for a process."""
        return _named(schedule.created_by)

    def get_kept_by(self, schedule: Schedule) -> str | None:
        """Return who keeps it as the audit trail names actors; None for a process."""
        return _named(schedule.kept_by)


class ScheduleResource(ReadResource[Schedule]):
    """Schedules, the newest first; those that were removed, too."""

    queryset = Schedule.objects.all()
    serializer_class = ScheduleSerializer
    filterset_class = ScheduleFilters
    mode_path = "account__mode"

    def rows(self) -> ScopedQuerySet[Schedule]:
        """Return every schedule with what its serializer shows."""
        return super().rows().select_related("account", "last_firing", "created_by", "kept_by")


def _named(person: User | None) -> str | None:
    return None if person is None else actor_name(person)

"""`/api/v1/runs/`."""

from django.db.models import Prefetch

from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.rest.resources import ReadResource
from workflows.api.serializers import RunDetailSerializer, RunSerializer
from workflows.models import WorkflowRun, WorkflowStep

# What steps carry for engineers and for the trace; it can be large, and is not shown here.
_UNSHOWN = ("traceback", "agent_run__input", "agent_run__facts", "agent_run__output")


class RunResource(ReadResource[WorkflowRun]):
    """Runs, the newest first; one alone has its steps and what it cost."""

    mode_path = "mode"

    def get_serializer_class(self) -> type[RunSerializer]:
        """Return the longer form for one run alone."""
        return RunDetailSerializer if self.action == "retrieve" else RunSerializer

    def rows(self) -> ScopedQuerySet[WorkflowRun]:
        """Return every run with what its serializer shows."""
        runs = WorkflowRun.objects.select_related("account", "definition", "requested_by", "api_key")
        runs = runs.defer("definition__definition")
        if self.action != "retrieve":
            return runs
        steps = WorkflowStep.objects.select_related("agent_run").defer(*_UNSHOWN)
        return runs.prefetch_related(Prefetch("steps", steps))

"""`/api/v1/runs/`: starting runs, and reading all that is known of them."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet, Value
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.trace import CallSerializer
from agents.models import AgentStep
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.content.api.serializers import ArtifactSerializer
from tiktok_ops.content.models import Artifact
from tiktok_ops.rest.idempotency import PARAMETER, once
from tiktok_ops.rest.pagination import AfterNumber, InOrder, OldestFirst
from tiktok_ops.rest.permissions import READ_ONLY
from tiktok_ops.rest.renderers import EventStreamRenderer, MarkdownRenderer
from tiktok_ops.rest.resources import PartResource, ReadResource, Resource, seen_or_404
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_of
from workflows.api.filters import ArtifactFilters, EventFilters, RunFilters, StepFilters
from workflows.api.serializers import (
    EventSerializer,
    RunDetailSerializer,
    RunSerializer,
    StartRunSerializer,
    StepSerializer,
)
from workflows.api.starting import start_for
from workflows.api.stream import stream_events
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.overview import read_situation, with_last_event

# What steps carry for engineers and for the trace; it can be large, and is not shown here.
_UNSHOWN = ("traceback", *(f"agent_run__{name}" for name in ("input", "facts", "output")))
_UNASKED = ("approval__payload", "approval__facts")


class RunResource(ReadResource[WorkflowRun]):
    """Runs, the newest first; one alone has its steps and what it cost."""

    queryset = WorkflowRun.objects.all()
    filterset_class = RunFilters
    mode_path = "mode"
    scopes: ClassVar[Mapping[str, Scope]] = {**READ_ONLY, "POST": Scope.RUNS_START}

    def get_serializer_class(self) -> type[RunSerializer]:
        """Return the longer form for one run alone."""
        return RunDetailSerializer if self.action == "retrieve" else RunSerializer

    def rows(self) -> ScopedQuerySet[WorkflowRun]:
        """Return every run with what its serializer shows."""
        runs = super().rows().select_related("account", "definition", "requested_by", "api_key")
        if self.action != "retrieve":
            return runs.defer("definition__definition")
        steps = WorkflowStep.objects.select_related("agent_run", "approval").defer(*_UNSHOWN, *_UNASKED)
        return with_last_event(runs).prefetch_related(Prefetch("steps", steps))

    @extend_schema(
        request=StartRunSerializer, responses={201: RunSerializer}, parameters=[PARAMETER], filters=False
    )
    def create(self, request: Request) -> Response:
        """Start a workflow on an account; sent again under the same key, it starts once."""
        answer = once(request, lambda: (201, self._start(request)))
        answer.headers["Location"] = reverse("api-run-detail", args=[answer.data["id"]])
        return answer

    def _start(self, request: Request) -> Any:
        """Start what the body asks for, and return the run as the list would show it."""
        asked = StartRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        run = start_for(
            caller_of(request),
            workflow=values["workflow"],
            account=values["account"],
            given=values.get("input", {}),
            is_dry_run=values.get("dry_run", False),
            cap_usd=values.get("cap_usd"),
        )
        return RunSerializer(self.rows().get(id=run.id)).data


class RunStepResource(PartResource[WorkflowStep]):
    """The steps of a run, in the order of its workflow."""

    queryset = WorkflowStep.objects.all()
    serializer_class = StepSerializer
    filterset_class = StepFilters
    pagination_class = InOrder
    wholes = WorkflowRun.objects.all()
    mode_path = "mode"

    def of(self, whole: WorkflowRun) -> QuerySet[WorkflowStep]:
        """Return the steps of a run."""
        return whole.steps.select_related("agent_run", "approval").defer(*_UNSHOWN, *_UNASKED)

    def get_serializer_context(self) -> dict[str, Any]:
        """Add what the steps wait in, which depends on all of them, also those of other pages."""
        context = dict(super().get_serializer_context())
        if "id" in self.kwargs:  # the schema is read off a view that nobody asked
            context["situation"] = read_situation(self.kwargs["id"])
        return context


_LAST_EVENT = OpenApiParameter(
    "Last-Event-ID",
    {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    OpenApiParameter.HEADER,
    description="As `after`, and before it; browsers send it when they take up a stream again.",
)


class RunEventResource(PartResource[RunEvent]):
    """What happened in a run, in order; `after` is the number of the last event one has."""

    renderer_classes = [JSONRenderer, EventStreamRenderer]
    queryset = RunEvent.objects.all()
    serializer_class = EventSerializer
    filterset_class = EventFilters
    pagination_class = AfterNumber
    wholes = WorkflowRun.objects.all()
    mode_path = "mode"

    def of(self, whole: WorkflowRun) -> QuerySet[RunEvent]:
        """Return the events of a run."""
        return whole.events.all()

    def query_names(self) -> frozenset[str]:
        """Return the parameters of the list; a stream has no pages."""
        return super().query_names() - ({"page_size"} if self._is_stream() else frozenset())

    @extend_schema(
        parameters=[_LAST_EVENT],
        responses={
            (200, "application/json"): EventSerializer(many=True),
            (200, "text/event-stream"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Return a page of the events, or by `Accept` the stream of them, as server-sent events.

        The stream has what happened after the number, and then what happens: each with `id` (its number),
        `event` (its kind) and `data` (as in the list). It takes no `page_size`, and ends with the event
        `end` once the run is over.
        """
        if not self._is_stream():
            return super().get(request, *args, **kwargs)
        run = seen_or_404(request, self.wholes, self.kwargs["id"], mode_path=self.mode_path)
        return stream_events(request, run)

    def _is_stream(self) -> bool:
        return bool(self.request.accepted_renderer.format == EventStreamRenderer.format)


class RunTraceResource(PartResource[AgentStep]):
    """Every call the agents of a run made, the first one first; also those a crash cut off."""

    queryset = AgentStep.objects.all()
    serializer_class = CallSerializer
    pagination_class = OldestFirst
    wholes = WorkflowRun.objects.all()
    mode_path = "mode"

    def of(self, whole: WorkflowRun) -> QuerySet[AgentStep]:
        """Return the calls of a run."""
        calls = AgentStep.objects.filter(agent_run__run_id=whole.id).select_related("agent_run")
        return calls.annotate(mode=Value(whole.mode))


class RunArtifactResource(PartResource[Artifact]):
    """What a run made: reports, drafts, captions, assets; the newest first."""

    queryset = Artifact.objects.all()
    serializer_class = ArtifactSerializer
    filterset_class = ArtifactFilters
    wholes = WorkflowRun.objects.all()
    mode_path = "mode"

    def of(self, whole: WorkflowRun) -> QuerySet[Artifact]:
        """Return what a run made."""
        return artifacts_of(whole)


class RunReportView(Resource):
    """The report of a run, as JSON or as the Markdown it is, by `Accept`."""

    renderer_classes = [JSONRenderer, MarkdownRenderer]

    @extend_schema(
        responses={
            (200, "application/json"): ArtifactSerializer,
            (200, "text/markdown"): OpenApiTypes.STR,
        }
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Return the newest report; raises `NotFound` while there is none."""
        run = seen_or_404(request, WorkflowRun.objects.all(), id, mode_path="mode")
        report = artifacts_of(run).filter(kind=Artifact.Kind.REPORT).order_by("-round").first()
        if report is None:
            raise NotFound(f"The run {str(id)!r} has no report yet: look at its status, and come back.")
        if request.accepted_renderer.format == MarkdownRenderer.format:
            return Response(report.text)
        return Response(ArtifactSerializer(report).data)


def artifacts_of(run: WorkflowRun) -> QuerySet[Artifact]:
    """Return what a run made, each with the run's mode."""
    return Artifact.objects.filter(run_id=run.id).annotate(mode=Value(run.mode))

"""What is done to a run over the API: cancel, pause, resume, retry a step, replay; and a replay compared."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.rest.idempotency import PARAMETER, once
from tiktok_ops.rest.resources import Resource, seen_or_404
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import Caller, caller_of
from tiktok_ops.rest.serializers import AnyJsonField, BodySerializer, Money, money_usd
from workflows.api.serializers import RunSerializer
from workflows.comparing import Pair, Side, compare
from workflows.control import cancel_run, pause_run, resume_run, retry_step
from workflows.models import WorkflowRun, WorkflowStep
from workflows.overrides import LONGEST_PROMPT, Changes
from workflows.replay import replay_run

MOST_STEPS = 200


class ReasonSerializer(BodySerializer):
    """Why it is done."""

    noun = "a change of a run"

    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="Why; kept in the audit trail."
    )


class ReplaySerializer(ReasonSerializer):
    """From where to replay, and what is to be different."""

    noun = "a replay"

    from_steps = serializers.ListField(
        child=serializers.CharField(max_length=100),
        min_length=1,
        max_length=MOST_STEPS,
        help_text="The keys of the steps to begin with; one of a loop's items is key#2.",
    )
    input = serializers.DictField(required=False, help_text="Fields of the input that are to be different.")
    options = serializers.DictField(
        child=serializers.DictField(), required=False, help_text="Options that are to be different, by node."
    )
    prompts = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_PROMPT),
        required=False,
        help_text="What agents are told to do instead, by node.",
    )


class SideSerializer(serializers.Serializer[Side]):
    """A step in one of two runs."""

    status = serializers.CharField()
    output = AnyJsonField(allow_null=True)
    output_sha256 = serializers.CharField(source="sha256")
    cost = serializers.SerializerMethodField()
    seconds = serializers.FloatField(allow_null=True)
    taken_over = serializers.BooleanField(source="is_taken")

    def get_cost(self, side: Side) -> Money:
        """Return what its agents' calls cost; of the sandbox, what they would have."""
        return money_usd(side.cost_usd)


class PairSerializer(serializers.Serializer[Pair]):
    """A step in the run before and in the replay; null where a run has none."""

    step = serializers.CharField(source="name")
    verdict = serializers.CharField()
    before = SideSerializer(allow_null=True)
    after = SideSerializer(allow_null=True)


class ComparisonSerializer(serializers.Serializer[dict[str, Any]]):
    """A replay beside the run it replays."""

    id = serializers.UUIDField()
    sandbox = serializers.BooleanField()
    replay_of = serializers.UUIDField(allow_null=True)
    steps = PairSerializer(many=True)


def run_for(caller: Caller, run_id: UUID) -> WorkflowRun:
    """Return the run the caller may steer.

    Raises `Http404` for one that does not exist for the caller, `PermissionDenied` for a person whose role
    only reads it.
    """
    runs = WorkflowRun.objects.filter(id=run_id)
    found = caller.sees(runs, mode_path="mode", capability=Capability.RUN).first()
    if found is None:
        if not caller.sees(runs, mode_path="mode").exists():
            raise Http404
        raise PermissionDenied("Your role does not steer runs on this account: ask an operator or the owner.")
    return found


def actor_of(caller: Caller) -> User | str:
    """Return who asks, as the audit trail names them."""
    return key_actor(caller.who) if isinstance(caller.who, ApiKey) else caller.who


def _shown(run: WorkflowRun) -> Any:
    """Return a run as the list would show it."""
    rows = WorkflowRun.objects.select_related("account", "definition", "requested_by", "api_key")
    return RunSerializer(rows.get(id=run.id)).data


class ControlView(Resource):
    """Base of what is done to a run, once under a key of idempotency; it answers with the run as it is then."""

    scopes: ClassVar[Mapping[str, Scope]] = {"POST": Scope.RUNS_START}
    act: ClassVar[Callable[..., WorkflowRun]]

    @extend_schema(request=ReasonSerializer, responses=RunSerializer, parameters=[PARAMETER])
    def post(self, request: Request, id: UUID) -> Response:
        """Do it, and return the run."""
        return once(request, lambda: (200, self._done(request, id)))

    def _done(self, request: Request, id: UUID) -> Any:
        caller = caller_of(request)
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = run_for(caller, id)
        reason = asked.validated_data.get("reason", "")
        return _shown(type(self).act(run_id=run.id, by=actor_of(caller), reason=reason))


class CancelRunView(ControlView):
    """Cancelling: nothing more begins in the run; what is on its way to TikTok is followed to its end."""

    act = cancel_run


class PauseRunView(ControlView):
    """Pausing: nothing more begins in the run until it is resumed."""

    act = pause_run


class ResumeRunView(ControlView):
    """Resuming: a paused run goes on."""

    act = resume_run


class RetryStepView(Resource):
    """Retrying: a failed step, and everything behind it, is done again as another round."""

    scopes: ClassVar[Mapping[str, Scope]] = {"POST": Scope.RUNS_START}

    @extend_schema(request=ReasonSerializer, responses=RunSerializer, parameters=[PARAMETER])
    def post(self, request: Request, id: UUID, step_id: UUID) -> Response:
        """Retry the step, and return its run."""
        return once(request, lambda: (200, self._done(request, id, step_id)))

    def _done(self, request: Request, id: UUID, step_id: UUID) -> Any:
        caller = caller_of(request)
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = run_for(caller, id)
        if not WorkflowStep.objects.filter(id=step_id, run=run).exists():
            raise Http404
        reason = asked.validated_data.get("reason", "")
        return _shown(retry_step(step_id=step_id, by=actor_of(caller), reason=reason))


class ReplayRunView(Resource):
    """Replaying: a new run takes over what came before the steps named, and does the rest again."""

    scopes: ClassVar[Mapping[str, Scope]] = {"POST": Scope.RUNS_START}

    @extend_schema(request=ReplaySerializer, responses={201: RunSerializer}, parameters=[PARAMETER])
    def post(self, request: Request, id: UUID) -> Response:
        """Start the replay, and return it; sent again under the same key, it starts once."""
        answer = once(request, lambda: (201, self._done(request, id)))
        answer.headers["Location"] = reverse("api-run-detail", args=[answer.data["id"]])
        return answer

    def _done(self, request: Request, id: UUID) -> Any:
        caller = caller_of(request)
        asked = ReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run, values = run_for(caller, id), asked.validated_data
        changes = Changes(
            given=values.get("input", {}),
            options=values.get("options", {}),
            prompts=values.get("prompts", {}),
        )
        return _shown(
            replay_run(
                run_id=run.id,
                from_steps=values["from_steps"],
                by=caller.who,
                changes=changes,
                reason=values.get("reason", ""),
            )
        )


class CompareRunView(Resource):
    """A replay beside the run it replays: of each step its output, digest, cost and seconds."""

    @extend_schema(responses=ComparisonSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Return the steps of both runs, side by side; a run that is no replay has none."""
        runs = WorkflowRun.objects.select_related("definition", "replay_of")
        run = seen_or_404(request, runs, id, mode_path="mode")
        told = {
            "id": run.id,
            "sandbox": run.mode == "sandbox",
            "replay_of": run.replay_of_id,
            "steps": compare(run) if run.replay_of_id else [],
        }
        return Response(ComparisonSerializer(told).data)

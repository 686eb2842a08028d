"""The pages on which a person replays a run from a step, and looks at a replay beside the run it replays."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from tiktok_ops.accounts.models import User
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.errors import Refused
from workflows.comparing import MOST_CHANGES, UNCHANGED, VERDICTS, Pair, Side, compare
from workflows.models import WorkflowRun
from workflows.nodes import AgentNode, AnyNode, ExpandNode, GateNode
from workflows.overrides import LONGEST_PROMPT, Changes, laid_over
from workflows.replay import replay_run
from workflows.replay_plan import ReplayRefused
from workflows.validation import parse_workflow
from workflows.values import ValuesField

RUN_PAGE = "admin:workflows_workflowrun_change"
WHAT_REPLAYING_DOES = (
    "A new run. What came before this step is taken over as it was and costs nothing again; this step and everything "
    "behind it are done again. Nothing is sent: what would leave is asked for anew."
)


class ReplayForm(forms.Form):
    """What is to be different: the input, the step's options and its prompt; all else is as it was."""

    given = ValuesField(
        label="What the run works with",
        help_text='Written as {"window_days": 14}. What an earlier step has read can only change if you replay from '
        "that step.",
    )
    options = ValuesField(
        label="Options of the step",
        rows=3,
        help_text='Written as {"number": 3}. Left as they are, nothing changes.',
    )
    prompt = forms.CharField(
        label="What its agent is told to do",
        required=False,
        max_length=LONGEST_PROMPT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="Left empty: what the agent always does. The facts it gets stay what they are.",
    )
    reason = forms.CharField(
        label="Why",
        help_text="Optional; kept in the audit trail.",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(self, posted: Any, *, run: WorkflowRun, node: AnyNode | ExpandNode) -> None:
        change = run.overrides.get(node.key, {})
        has_options = isinstance(node, AgentNode | GateNode)
        self.node, self.before = node, run.input
        self.options_before = _options_of(node, change)
        first = {"given": run.input, "options": self.options_before, "prompt": change.get("prompt", "")}
        super().__init__(posted, initial=first)
        if not has_options:
            del self.fields["options"]
        if not isinstance(node, AgentNode):
            del self.fields["prompt"]

    def clean_given(self) -> dict[str, Any]:
        """Return the input, an object."""
        return _object(self.cleaned_data["given"], "input")

    def clean_options(self) -> dict[str, Any]:
        """Return the options, an object."""
        return _object(self.cleaned_data["options"], "options")

    def changes(self) -> Changes:
        """Return what differs from the run; the form is valid."""
        given, options = self.cleaned_data["given"], self.cleaned_data.get("options", {})
        prompt = self.cleaned_data.get("prompt", "").strip()
        if gone := sorted(set(self.before) - set(given)):
            raise ReplayRefused(
                f"The input {gone[0]!r} is left out: a replay changes values, keep the field."
            )
        different = {name: value for name, value in options.items() if self.options_before.get(name) != value}
        is_said = prompt and prompt != self.initial["prompt"]
        return Changes(
            given={name: value for name, value in given.items() if self.before.get(name) != value},
            options={self.node.key: different} if different else {},
            prompts={self.node.key: prompt} if is_said else {},
        )


def _options_of(node: AnyNode | ExpandNode, change: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = getattr(laid_over(node, change.get("options", {})), "options", {})
    return options


def _object(value: Any, name: str) -> dict[str, Any]:
    """Return the value where it is an object, an empty one for nothing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise forms.ValidationError(f'The {name} has to be an object: {{"field": "value"}}.')
    return value


def replay_page(pages: ScopedAdmin, request: HttpRequest, run: WorkflowRun, *, by: User) -> HttpResponse:
    """Ask, on a page of `pages`, what is to be different; on POST start the replay and lead to it."""
    name = request.GET.get("from", "")
    try:
        node = parse_workflow(run.definition.definition).node(name.partition("#")[0])
    except KeyError:
        messages.error(request, f"The run has no step {name!r}: choose one on its page.")
        return HttpResponseRedirect(reverse(RUN_PAGE, args=[run.id]))
    form = ReplayForm(request.POST if request.method == "POST" else None, run=run, node=node)
    if form.is_bound and form.is_valid():
        try:
            replay = replay_run(
                run_id=run.id,
                from_steps=[name],
                by=by,
                changes=form.changes(),
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Replayed from {node.label!r}; what came before was taken over.")
            return HttpResponseRedirect(reverse(RUN_PAGE, args=[replay.id]))
    return pages.form_page(
        request,
        form,
        title=f"Replay from “{node.label}”",
        lead=WHAT_REPLAYING_DOES,
        submit="Replay from here",
        cancel_url=reverse(RUN_PAGE, args=[run.id]),
        original=run,
        folded=["given", "options", "prompt"],
        folded_title="Change what it works with (optional)",
    )


def compare_page(pages: ScopedAdmin, request: HttpRequest, run: WorkflowRun) -> HttpResponse:
    """Show a replay beside the run it replays, on a page of `pages`."""
    try:
        pairs = compare(run)
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse(RUN_PAGE, args=[run.id]))
    return pages.page(
        request,
        "admin/workflows/workflowrun/compare.html",
        title="Before and after",
        original=run,
        run=run,
        changed=[pair for pair in pairs if pair.verdict not in UNCHANGED],
        unchanged=[pair for pair in pairs if pair.verdict in UNCHANGED],
        most_changes=MOST_CHANGES,
        summary=_summary(pairs),
        before_url=reverse(RUN_PAGE, args=[run.replay_of_id]),
        after_url=reverse(RUN_PAGE, args=[run.id]),
    )


def _summary(pairs: Sequence[Pair]) -> str:
    """Return what became of the outputs, and of the cost, in a sentence."""
    counted = Counter(pair.verdict for pair in pairs)
    told = ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict])
    costs = [sum((side.cost_usd for side in sides if side), Decimal(0)) for sides in _sides(pairs)]
    return f"Of {len(pairs)} steps: {told}. Its agents cost ${costs[1]:f}, before ${costs[0]:f}."


def _sides(pairs: Sequence[Pair]) -> tuple[list[Side | None], list[Side | None]]:
    return [pair.before for pair in pairs], [pair.after for pair in pairs]

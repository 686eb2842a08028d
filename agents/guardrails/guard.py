"""The guardrails of one agent run: what the model reads, and what it wrote. Each call is on the trace.

What the brand itself says to the model (its voice and guidelines) is sent as it stands: its owners wrote it for that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import RootModel

from agents.contract import AgentContext, Prompt
from agents.guardrails.current import context_of_account, current_policy
from agents.guardrails.findings import Place, ScanContext
from agents.guardrails.placeholders import StandIns, redacted
from agents.guardrails.policy import Policy, Verdict
from agents.guardrails.recording import Found, keep_findings, keep_new_findings
from agents.guardrails.scanning import Scan, in_words, scan
from agents.guardrails.texts import texts_of, with_texts
from agents.models import AgentStep
from agents.providers.errors import ProviderUnavailable
from agents.tracing import Trace, traced
from tiktok_ops.accounts.models import TikTokAccount

PLACES = {Place.MODEL_INPUT: "guardrails_in", Place.MODEL_OUTPUT: "guardrails_out"}


class GuardrailsUnavailable(ProviderUnavailable):
    """The guardrails could not check what a model reads or wrote, so that it went no further; try again."""


@dataclass(slots=True)
class Guard:
    """Checks what goes to the model and what comes back, for one agent run."""

    trace: Trace
    policy: Policy
    context: ScanContext
    where: Found
    _on_trace: Counter[str] = field(default_factory=Counter)
    _stand_ins: StandIns = field(default_factory=StandIns)

    @classmethod
    def of(cls, trace: Trace, context: AgentContext) -> "Guard":
        """Return the guard of an agent run that is about to ask a model."""
        account = TikTokAccount.objects.select_related("brand").get(id=context.account_id)
        run = trace.agent_run
        where = Found(
            account.workspace_id, account.id, run_id=run.run_id, step_id=run.step_id, agent_run_id=run.id
        )
        return cls(
            trace, current_policy(account.workspace_id), context_of_account(account), where, _checks_of(trace)
        )

    def incoming(self, prompt: Prompt, remembered: Sequence[str] = ()) -> tuple[Prompt, list[str]]:
        """Return the prompt, and what is told with it from memory, as the model may read them: stand-ins for the rest.

        Raises `ContentBlocked` where the policy refuses it, `GuardrailsUnavailable` where it could not be checked.
        """
        whole = {
            "instruction": prompt.instruction,
            "facts": prompt.facts.model_dump(mode="json"),
            "untrusted": dict(prompt.untrusted),
            "memory": list(remembered),
        }
        texts = texts_of(whole)
        checked = self._checked(Place.MODEL_INPUT, texts)
        kept: dict[str, Any] = with_texts(whole, self._stand_ins.take_out(texts, checked.judged))
        checked_prompt = replace(
            prompt,
            instruction=kept["instruction"],
            facts=RootModel[dict[str, Any]](kept["facts"]),
            untrusted=kept["untrusted"],
        )
        return checked_prompt, kept["memory"]

    def outgoing(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what the model wrote, redacted as the policy says, with what stood in put back.

        Raises as `incoming`. What is held goes on to its gate, where it is found again and shown.
        """
        texts = texts_of(data)
        checked = self._checked(Place.MODEL_OUTPUT, texts)
        taken = checked.with_verdict(Verdict.REDACT)
        kept = {
            name: redacted(text, [one for one in taken if one.field == name]) for name, text in texts.items()
        }
        back: dict[str, Any] = self._stand_ins.put_back(with_texts(data, kept))
        return back

    def hide(self, text: str) -> str:
        """Return a text of ours to the model without what was taken out before."""
        return self._stand_ins.hide(text)

    def _checked(self, place: Place, texts: dict[str, str]) -> Scan:
        """Check the texts, traced, and keep what was found; an agent run that waited has done so before."""
        if self._on_trace[PLACES[place]] > 0:
            self._on_trace[PLACES[place]] -= 1
            return self._gone_on(scan(texts, place=place, policy=self.policy, context=self.context))
        self.trace.open()
        asked = {
            "texts": len(texts),
            "characters": sum(map(len, texts.values())),
            "policy": self.policy.version,
        }
        with traced(self.trace, AgentStep.Kind.GUARDRAIL, PLACES[place], request=asked) as call:
            checked = scan(texts, place=place, policy=self.policy, context=self.context)
            call.response = {"verdict": checked.verdict.value, "findings": _told(checked)}
            keep_findings(checked, self.where)
            return self._gone_on(checked)

    @staticmethod
    def _gone_on(checked: Scan) -> Scan:
        """Return what may go further."""
        check_may_go_on(checked)
        return checked


def check_may_go_on(checked: Scan) -> None:
    """Raise `ContentBlocked` where the policy refuses it, `GuardrailsUnavailable` where it could not be checked."""
    if checked.faults:
        raise GuardrailsUnavailable(
            f"The guardrails could not check this, so it went no further: {in_words(checked.faults)}."
        )
    checked.check_not_blocked()


def fit_for_a_model(texts: Mapping[str, str], account: TikTokAccount, where: Found) -> dict[str, str]:
    """Return texts as a model that is no agent's may read them, by place; nothing is put back into what it makes.

    What is found is kept, once for a step however often it is tried. Raises as `check_may_go_on`.
    """
    checked = scan(
        texts,
        place=Place.MODEL_INPUT,
        policy=current_policy(account.workspace_id),
        context=context_of_account(account),
    )
    keep_new_findings(checked, where)
    check_may_go_on(checked)
    return StandIns().take_out(texts, checked.judged)


def _checks_of(trace: Trace) -> Counter[str]:
    """Return how many checks of each name the trace of an agent run that waited holds: it asks in the same order."""
    if not trace.has_called:
        return Counter()
    done = AgentStep.objects.filter(agent_run=trace.agent_run, kind=AgentStep.Kind.GUARDRAIL, error="")
    return Counter(done.values_list("name", flat=True))


def _told(checked: Scan) -> list[dict[str, Any]]:
    """Return what the trace says of findings: never what was found."""
    return [
        {
            "detector": one.finding.detector,
            "kind": one.finding.kind,
            "verdict": one.verdict.value,
            "severity": one.finding.severity.value,
            "field": one.finding.field,
            "offset": one.finding.offset,
            "length": one.finding.length,
        }
        for one in checked.judged
    ]

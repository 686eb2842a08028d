"""Waiting for a provider's signed callback. The callback brings the step back sooner; how it is, is asked.

So a callback that is lost, forged, double or early changes nothing but when we look. To add one: how its
provider is asked, a line in `CALLBACKS`, and its source in `workflows.webhooks.sources`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agents.providers.errors import Advice, ProviderError
from tiktok_ops.registries import registry
from workflows.outcomes import Failed, Outcome, Succeeded, Waits
from workflows.step_reading import turn_of
from workflows.studio import ask_about_job
from workflows.waiting_nodes import look_again_seconds
from workflows.work import Work


@dataclass(frozen=True, slots=True)
class Callback:
    """One provider that calls back.

    `inputs` are what the wait node has to be given, the first by a node of the kind `asked_by`, which it
    depends on. `ask` tells why it failed, '' where it succeeded, None where it is not done.
    """

    name: str
    whom: str
    asked_by: str
    inputs: tuple[str, ...]
    ask: Callable[[Work], str | None]


CALLBACKS = registry(
    [Callback("studio", "the studio", "studio_job", ("job",), ask_about_job)],
    name=lambda callback: callback.name,
    called="callbacks",
)


def wait_for_callback(work: Work, name: str, *, patience_seconds: float) -> Outcome:
    """Ask how it is; while it is not done, wait for the callback, or until it is time to ask again."""
    callback, trouble = CALLBACKS[name], ""
    try:
        failure = callback.ask(work)
    except ProviderError as problem:
        if problem.advice in {Advice.GIVE_UP, Advice.ASK_PERSON}:
            return Failed(str(problem))
        failure, trouble = None, f" It could not be asked just now: {problem}"
    if failure:
        return Failed(failure)
    begun, now = turn_of(work.step.id)
    if failure is not None:
        return Succeeded(output={"waited_until": now.isoformat()})
    waited = (now - begun).total_seconds()
    left = patience_seconds - waited
    since = f"{begun:%Y-%m-%d %H:%M:%S} UTC"
    if left <= 0:
        return Failed(
            f"{callback.whom.capitalize()} was not done {patience_seconds:g} seconds after {since}, "
            f"which is as long as {work.node.label!r} waits: try the step again.{trouble}"
        )
    return Waits(
        f"{work.node.label} waits for {callback.whom} to call back since {since}; without a call it is asked, "
        f"and given up after {patience_seconds:g} seconds.{trouble}",
        look_again_seconds(waited_seconds=waited, left_seconds=left),
    )

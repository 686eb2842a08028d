"""How long a prompt is, before it is paid for.

A token is at least a byte, so the bytes bound the tokens; most prompts are so short that this is all one needs to
know. A long one is counted by its model (free of charge), and one that is too long is refused with a sentence.
"""

from collections.abc import Callable

from agents.models import AgentStep
from agents.providers.breakers import Breakers
from agents.providers.errors import PromptTooLong
from agents.providers.language import LanguageRequest, TokenCounter
from agents.tracing import Trace, traced

COUNTED_FROM_BYTES = 100_000
"""From this on a prompt is counted: below it no prompt reaches the dearer tier of any model, nor its window."""

MOST_INPUT_TOKENS = 180_000
"""The longest prompt that is paid for: a window of 200,000 tokens, less 8,192 for the answer and some room.

Ours: what an agent computes and quotes is some 2,000 to 20,000 tokens, so one of this length went wrong.
"""

COUNT_SECONDS = 20.0
ALIAS, OPERATION = "claude", "count_tokens"


def input_bound(
    provider: object, request: LanguageRequest, trace: Trace, hold: Callable[[float], None]
) -> int:
    """Return a number of tokens the prompt does not exceed; a long prompt is counted, and that is traced.

    Raises `PromptTooLong` for one that is longer than is paid for, and `ProviderError` where it could not be counted.
    """
    bound = len(request.system.encode()) + len(request.user.encode())
    if bound >= COUNTED_FROM_BYTES and isinstance(provider, TokenCounter):
        bound = _counted(provider, request, trace, hold)
    if bound > MOST_INPUT_TOKENS:
        raise PromptTooLong(
            f"The prompt for {request.schema_name!r} has {bound:,} tokens, and at most {MOST_INPUT_TOKENS:,} are paid "
            "for: nothing was sent; give the agent less to look at.",
            was_sent=False,
            may_have_acted=False,
        )
    return bound


def _counted(
    provider: TokenCounter, request: LanguageRequest, trace: Trace, hold: Callable[[float], None]
) -> int:
    """Return the tokens of a prompt as its model counts them."""
    hold(COUNT_SECONDS * 2)
    trace.open()
    with (
        traced(
            trace,
            AgentStep.Kind.PROVIDER,
            OPERATION,
            request={"model": request.model, "prompt": request.schema_name},
        ) as call,
        Breakers(ALIAS).around(OPERATION, timeout_seconds=COUNT_SECONDS),
    ):
        call.is_simulated = trace.agent_run.is_simulated
        call.model = request.model
        tokens = provider.count_tokens(request)
        call.response = {"input_tokens": tokens}
    return tokens

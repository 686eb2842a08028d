"""What a call may cost at most, and what one that went wrong is taken to have cost: decisions only."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_UP, Decimal

from agents.prices.pricing import QUANTUM_USD, TOKENS_PER_MTOK, Price, find_price
from agents.providers.errors import ProviderError
from agents.providers.language import LanguageRequest

SCHEMA_ALLOWANCE = 2
"""The wire's schema says more than ours: bounds become descriptions, objects are closed."""

OVERHEAD_TOKENS = 1_024
"""For what the vendor adds by itself: the words that ask for an answer of that shape, and message framing."""


def most_input_tokens(request: LanguageRequest) -> int:
    """Return more tokens than the model can be made to read by this request.

    A token stands for at least one byte of UTF-8, so the bytes of both texts and of the schema (twice, for what
    the wire adds to it) bound the tokens; on top comes a fixed allowance for what the vendor adds.
    """
    texts = len(request.system.encode()) + len(request.user.encode())
    schema = len(json.dumps(request.schema).encode()) * SCHEMA_ALLOWANCE
    return texts + schema + OVERHEAD_TOKENS


def worst_case_usd(request: LanguageRequest, *, prices: Sequence[Price], on: date) -> Decimal:
    """Return the most the call can cost on the day `on`, in USD, rounded up to a millionth.

    `tokens in x dearest input class + max_tokens x output`: every token read at the dearest of fresh, written to
    the cache (5 minutes, 1 hour) and read from it; every token that may be written. Taken at the prompt's bound and
    at the top of each tier below it, for a shorter prompt may be priced by another row. Raises `PriceUnknown`.
    """
    bound = most_input_tokens(request)
    tops = {row.up_to_input_tokens for row in prices if row.up_to_input_tokens is not None}
    lengths = {bound, *(top for top in tops if top < bound)}
    return max(_at_most(request, prices, on, tokens) for tokens in lengths)


def _at_most(request: LanguageRequest, prices: Sequence[Price], on: date, tokens: int) -> Decimal:
    price = find_price(model=request.model, prices=prices, on=on, total_input_tokens=tokens)
    dearest = max(price.input, price.cache_write_5m, price.cache_write_1h, price.cache_read)
    cost = tokens * dearest + request.max_tokens * price.output
    return (cost / TOKENS_PER_MTOK).quantize(QUANTUM_USD, rounding=ROUND_UP)


def owed_usd(*, cost_usd: Decimal, trouble: BaseException | None, most_usd: Decimal) -> tuple[Decimal, bool]:
    """Return what a call is taken to have cost, and whether that is assumed rather than known.

    What the model said it took counts: `cost_usd`, 0 where it said nothing. A refusal that came back without it,
    and what was never sent, cost nothing. Where nobody knows whether the model answered (a time-out, a broken
    connection, a process told to end), it is taken to have, at its dearest.
    """
    if cost_usd > 0:
        return cost_usd, False
    if isinstance(trouble, ProviderError) and (trouble.was_sent is not None or not trouble.may_have_acted):
        return Decimal(0), False
    return most_usd, True

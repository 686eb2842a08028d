"""What is wrong with the rows of a source catalogue; each row with a problem is held back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from agents.contract import Typed
from agents.definitions.catalogue_merge import CatalogueItem, Items, text_of
from agents.skills.captions import find_phrase, fold, utf16_length
from agents.skills.money import CURRENCIES, decimals_of, is_whole

LONGEST_TITLE = 255
"""What the shop's table and TikTok Shop's product pages have room for at most."""

STEEPEST_PRICE = Decimal(5)
"""A price more than 5 times what it was, or less than a fifth, is a slip of the decimal point until somebody
says otherwise. Ours; sales of 70 % and doubled prices pass."""


class ProblemRule(StrEnum):
    """What can be wrong with a row of the source; each row with a problem is held back."""

    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_TITLE = "duplicate_title"
    TITLE_MISSING = "title_missing"
    TITLE_TOO_LONG = "title_too_long"
    PRICE_MISSING = "price_missing"
    PRICE_NOT_POSITIVE = "price_not_positive"
    PRICE_DECIMALS = "price_decimals"
    PRICE_JUMP = "price_jump"
    CURRENCY_UNKNOWN = "currency_unknown"
    CURRENCY_DIFFERS = "currency_differs"
    BANNED_CLAIM = "banned_claim"


class Problem(Typed):
    """What is wrong with a row of the source, counted from 1, and what to do about it."""

    row: int
    product_id: str
    rule: ProblemRule
    message: str


def problems_in(
    source: Sequence[CatalogueItem], shop: Items, banned: Sequence[str] = ()
) -> tuple[Problem, ...]:
    """Return what is wrong with the rows of the source, by row.

    Every row of a doubled id or title (whatever its case and spacing), a title that is missing or longer
    than 255 UTF-16 units; a price that is missing, 0 or less, has more decimals than its currency, or is
    more than 5 times or less than a fifth of the shop's; a currency nobody pays in, or another one than
    most of the shop's products have (of the source's, where the shop has none); a title or description
    with a claim the brand never makes.
    """
    ids = Counter(item.product_id for item in source)
    titles = Counter(fold(item.title).text for item in source)
    usual = usual_currency(shop.values() or source)
    found = []
    for row, item in enumerate(source, start=1):
        as_text = {
            ProblemRule.DUPLICATE_ID: ids[item.product_id] > 1,
            ProblemRule.DUPLICATE_TITLE: bool(item.title) and titles[fold(item.title).text] > 1,
            ProblemRule.BANNED_CLAIM: any(
                find_phrase(text, claim) for claim in banned for text in (item.title, item.description)
            ),
        }
        wrong = [rule for rule, is_so in as_text.items() if is_so]
        wrong += [*_title_rules(item), *_money_rules(item, shop.get(item.product_id), usual)]
        found += [_problem(row, item, rule, usual) for rule in wrong]
    return tuple(found)


def usual_currency(items: Iterable[CatalogueItem]) -> str:
    """Return the currency most products have, of equals the first by the alphabet; empty where none has one."""
    counts = Counter(item.currency for item in items if item.currency)
    return min(counts, key=lambda currency: (-counts[currency], currency), default="")


def _title_rules(item: CatalogueItem) -> list[ProblemRule]:
    if not item.title:
        return [ProblemRule.TITLE_MISSING]
    return [ProblemRule.TITLE_TOO_LONG] * (utf16_length(item.title) > LONGEST_TITLE)


def _money_rules(item: CatalogueItem, shown: CatalogueItem | None, usual: str) -> list[ProblemRule]:
    if item.currency not in CURRENCIES:
        return [ProblemRule.CURRENCY_UNKNOWN]
    rules = [ProblemRule.CURRENCY_DIFFERS] * (item.currency != usual)
    if item.price is None:
        return [*rules, ProblemRule.PRICE_MISSING]
    if item.price <= 0:
        return [*rules, ProblemRule.PRICE_NOT_POSITIVE]
    if not is_whole(item.price, item.currency):
        return [*rules, ProblemRule.PRICE_DECIMALS]
    if shown and shown.price and shown.currency == item.currency:
        is_steep = not shown.price / STEEPEST_PRICE <= item.price <= shown.price * STEEPEST_PRICE
        rules += [ProblemRule.PRICE_JUMP] * is_steep
    return rules


def _problem(row: int, item: CatalogueItem, rule: ProblemRule, usual: str) -> Problem:
    price = f"{text_of(item.price)} {item.currency}"
    messages = {
        ProblemRule.DUPLICATE_ID: f"The id {item.product_id!r} stands in more than one row; keep one.",
        ProblemRule.DUPLICATE_TITLE: f"Another row has the title {item.title[:80]!r} too; name them apart.",
        ProblemRule.BANNED_CLAIM: "It makes a claim the brand never makes; take it out.",
        ProblemRule.TITLE_MISSING: "The title is empty; give it one.",
        ProblemRule.TITLE_TOO_LONG: f"The title has {utf16_length(item.title)} UTF-16 units; at most "
        f"{LONGEST_TITLE} fit.",
        ProblemRule.PRICE_MISSING: "The price is missing; give one.",
        ProblemRule.PRICE_NOT_POSITIVE: f"The price is {price}; it must be above 0.",
        ProblemRule.PRICE_DECIMALS: f"The price is {price}, but {item.currency} has "
        f"{decimals_of(item.currency)} decimals; round it.",
        ProblemRule.PRICE_JUMP: f"The price of {price} is more than {STEEPEST_PRICE} times the shop's, or less "
        "than that part of it; look at the decimal point.",
        ProblemRule.CURRENCY_UNKNOWN: f"The currency is {item.currency!r}; give an ISO 4217 code, as in 'EUR'.",
        ProblemRule.CURRENCY_DIFFERS: f"The currency is {item.currency}, the shop's is {usual}; convert it.",
    }
    return Problem(row=row, product_id=item.product_id, rule=rule, message=messages[rule])

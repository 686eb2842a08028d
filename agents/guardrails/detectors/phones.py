"""Telephone numbers, by the numbering plans that `phonenumbers` knows (ITU-T E.164 and each country's own).

With a country code anywhere; without one, those of the account's regions. Digits alone prove little: a number
without a country code scores by how it is written and what stands beside it, so that prices, counts, dates and
order numbers stay what they are.
"""

import re
from collections.abc import Iterator

import phonenumbers

from agents.guardrails.findings import Hit, ScanContext

KIND = "phone"
LEAST_DIGITS, MOST_DIGITS = 7, 15
BESIDE = 24
"""So many characters in front of a number, and behind it, say what it is."""

_DIGIT = r"[0-9OoIl]"
_SEPARATOR = r"[ \t().\-/·–_]{0,3}"
_CANDIDATE = re.compile(
    rf"(?<![\w+.,])[+(]{{0,2}}{_DIGIT}(?:{_SEPARATOR}{_DIGIT}){{6,17}}(?!{_DIGIT}|[^\W\d_])"
)
_LOOKALIKES = str.maketrans("OoIl", "0011")
_DATE = re.compile(
    r"^(?:(?:19|20)\d\d[./ -]\d{1,2}[./ -]\d{1,2}|\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)\d\d)(?:\D|$)"
    r"|^(?:19|20)\d\d ?[–/-] ?(?:19|20)\d\d$"
)
_CALL = re.compile(
    r"\b(?:tel|telefon\w*|telefono|telefone|phone|call|text|sms|whats ?app|wa|mobile|cell|handy|mobil|ruf\w*|anruf\w*"
    r"|llama\w*|movil|celular|ligue|liga|zalo|goi|sdt|dien thoai|hotline|fax|nummer|number me|fon)\b\W{0,12}$",
    re.IGNORECASE,
)
_NO_CALL = re.compile(
    r"(?:\b(?:order|ord|pedido|bestell\w*|auftrag\w*|don hang|ma don|invoice|rechnung\w*|factura|fatura"
    r"|hoa don|sku|ref|id|isbn"
    r"|ean|art|item|tracking|sendung\w*|no|nr|num|ticket|code|codigo|gutschein|post|video)\b[\s.:#º°-]{0,4}|[#$€£₫])$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"^\W{0,2}(?:views?|likes?|followers?|seguidores|vistas|visualiza\w+|aufrufe\w*|abonnenten|luot|nguoi|eur|usd|chf|gbp|brl|vnd"
    r"|euros?|dollars?|reais|dong|%|€|\$|£|₫|mio|mi|k\b|km|kg|g\b|ml|kcal|px|x\d)",
    re.IGNORECASE,
)


def find_phones(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the telephone numbers of a comparable text."""
    for match in _CANDIDATE.finditer(text):
        written = match.group()
        digits = sum(character.isalnum() for character in written)
        if not LEAST_DIGITS <= digits <= MOST_DIGITS + 2 or _DATE.match(written):
            continue
        if sum(character.isdigit() for character in written) < 0.7 * digits:
            continue
        before = text[max(0, match.start() - BESIDE) : match.start()]
        behind = text[match.end() : match.end() + BESIDE]
        score = _score(written.translate(_LOOKALIKES), before, behind, context.regions)
        if score:
            yield Hit(match.start(), len(written), KIND, score)


def _score(written: str, before: str, behind: str, regions: tuple[str, ...]) -> float:
    """Return how surely it is a telephone number; 0 where no plan has it."""
    is_called = bool(_CALL.search(before))
    compact = re.sub(r"\D", "", written)
    if written.lstrip("( ").startswith("+") or compact.startswith("00"):
        number = compact if written.lstrip("( ").startswith("+") else compact[2:]
        return 0.97 if _is_of_plan(f"+{_without_trunk_zero(written, number)}", None) else 0.0
    if (_NO_CALL.search(before) and not is_called) or (_UNIT.match(behind) and not is_called):
        return 0.0
    if not any(_is_of_plan(compact, region) for region in regions):
        return 0.0
    return 0.9 if is_called else _score_as_written(written, compact)


def _without_trunk_zero(written: str, number: str) -> str:
    """Return the digits without the 0 that "+44 (0)20" puts in brackets."""
    trunk = re.match(r"\D*(\d{1,3})\D{0,2}\(0\)", written)
    return number.replace("0", "", 1) if trunk and number.startswith(f"{trunk.group(1)}0") else number


def _score_as_written(written: str, compact: str) -> float:
    groups = re.findall(r"\d+", written)
    if compact.startswith("0"):
        return 0.8
    if len(groups) >= len(compact) - 1:  # one by one, as nobody writes an amount
        return 0.7
    if "(" in written or [len(group) for group in groups] == [3, 3, 4]:
        return 0.8
    if len(groups) >= 3 and "." not in written:
        return 0.55
    return 0.35


def _is_of_plan(number: str, region: str | None) -> bool:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(parsed))

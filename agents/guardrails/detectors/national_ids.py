"""National ids with their check digits (python-stdnum); those without enough of a shape need their name beside them.

US SSN and GB NINO have no check digit: the ranges that are never given out are left out (SSA, "SSN
Randomization", 2011; HMRC, NIM39110). The Vietnamese citizen id needs its name beside it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.us import ssn

from agents.guardrails.findings import Hit, ScanContext

BESIDE = 40
_LOOKALIKES = str.maketrans("OoIl", "0011")


@dataclass(frozen=True, slots=True)
class NationalId:
    """One id: what it looks like, whether its digits are right, and the words that name it.

    Where it is not `is_unmistakable`, digits alone are something else more often than not, and it is looked for
    only behind its name.
    """

    kind: str
    pattern: re.Pattern[str]
    is_right: Callable[[str], bool]
    named: re.Pattern[str]
    is_unmistakable: bool = True


def _digits(groups: str) -> str:
    """Return a pattern of digits in groups of so many, written together or apart; letters may pass for digits."""
    group = r"[ \t.\-/–]{0,3}".join
    return group(group(["[0-9OoIl]"] * int(count)) for count in groups.split())


def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{body})(?!\w)", re.IGNORECASE)


def _named(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_GB = re.compile(r"^(?!BG|GB|NK|KN|TN|NT|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$")
_VN = re.compile(r"^0\d{11}$")

IDS = (
    NationalId(
        "US_SSN",
        _pattern(r"[0-9OoIl]{3}[ \t]?[-–][ \t]?[0-9OoIl]{2}[ \t]?[-–][ \t]?[0-9OoIl]{4}"),
        lambda compact: bool(ssn.is_valid(compact)),
        _named(r"ssn|social security|itin"),
    ),
    NationalId(
        "US_SSN",
        _pattern(_digits("3 2 4")),
        lambda compact: bool(ssn.is_valid(compact)),
        _named(r"ssn|social security"),
        is_unmistakable=False,
    ),
    NationalId(
        "GB_NINO",
        _pattern(r"[A-Z]{2}[ -]?[0-9OoIl]{2}[ -]?[0-9OoIl]{2}[ -]?[0-9OoIl]{2}[ -]?[A-D]"),
        lambda compact: bool(_GB.match(compact)),
        _named(r"nino|national insurance|ni number"),
    ),
    NationalId(
        "ES_DNI",
        _pattern(rf"{_digits('8')}[ .-]{{0,2}}[A-Z]"),
        lambda compact: bool(dni.is_valid(compact)),
        _named(r"dni|nif"),
    ),
    NationalId(
        "ES_NIE",
        _pattern(rf"[XYZ][ .-]{{0,2}}{_digits('7')}[ .-]{{0,2}}[A-Z]"),
        lambda compact: bool(nie.is_valid(compact)),
        _named(r"nie"),
    ),
    NationalId(
        "DE_IDNR",
        _pattern(_digits("2 3 3 3")),
        lambda compact: bool(idnr.is_valid(compact)),
        _named(
            r"steuer-?id\w*|idnr|id-?nr|steueridentifikationsnummer|identifikationsnummer|tax id|tin|steuernummer"
        ),
        is_unmistakable=False,
    ),
    NationalId(
        "IT_CODICE_FISCALE",
        _pattern(
            r"[A-Z]{3}[ .-]?[A-Z]{3}[ .-]?[0-9OoIlLMNPQRSTUV]{2}[ .-]?[A-Z][ .-]?[0-9OoIlLMNPQRSTUV]{2}"
            r"[ .-]?[A-Z][ .-]?[0-9OoIlLMNPQRSTUV]{3}[ .-]?[A-Z]"
        ),
        lambda compact: bool(codicefiscale.is_valid(compact)),
        _named(r"codice fiscale|cf"),
    ),
    NationalId(
        "FR_NIR",
        _pattern(
            rf"[12][ .-]{{0,2}}{_digits('2 2')}[ .-]{{0,2}}(?:2[AB]|{_digits('2')})[ .-]{{0,2}}{_digits('3 3 2')}"
        ),
        lambda compact: bool(nir.is_valid(compact)),
        _named(r"nir|securite sociale|secu"),
    ),
    NationalId(
        "BR_CPF",
        _pattern(r"[0-9OoIl]{3}[ ]?\.[ ]?[0-9OoIl]{3}[ ]?\.[ ]?[0-9OoIl]{3}[ ]?[-–][ ]?[0-9OoIl]{2}"),
        lambda compact: bool(cpf.is_valid(compact)),
        _named(r"cpf"),
    ),
    NationalId(
        "BR_CPF",
        _pattern(_digits("3 3 3 2")),
        lambda compact: bool(cpf.is_valid(compact)),
        _named(r"cpf"),
        False,
    ),
    NationalId(
        "CH_AHV",
        _pattern(rf"7[ .-]{{0,2}}5[ .-]{{0,2}}6[ .-]{{0,2}}{_digits('4 4 2')}"),
        lambda compact: bool(ahv.is_valid(compact)),
        _named(r"ahv\w*|avs|sozialversicherungsnummer"),
    ),
    NationalId(
        "VN_CCCD",
        _pattern(_digits("3 3 3 3")),
        lambda compact: bool(_VN.match(compact)),
        _named(r"cccd|cmnd|can cuoc|so can cuoc"),
        is_unmistakable=False,
    ),
)


def find_national_ids(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the national ids of a comparable text; one that stands behind its name scores 0.98."""
    for one in IDS:
        for match in one.pattern.finditer(text):
            beside = text[max(0, match.start() - BESIDE) : match.start()]
            is_named = bool(one.named.search(beside))
            if (one.is_unmistakable or is_named) and _is_right(one, match.group()):
                yield Hit(match.start(), len(match.group()), one.kind, 0.98 if is_named else 0.85)


def _is_right(one: NationalId, written: str) -> bool:
    compact = re.sub(r"[^A-Za-z0-9]", "", written)
    return one.is_right(compact.upper()) or one.is_right(compact.translate(_LOOKALIKES).upper())

"""The labelled set: texts with one thing to find each, hidden in many ways, and clean ones; made by code.

Check digits are computed here, apart from the detectors. Telephone numbers are of ranges the countries' plans give
out, written as people there write them.
"""

import base64
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

SEED = 20_261_201
HOMOGLYPHS = str.maketrans(
    {
        "a": "а",
        "e": "е",
        "o": "о",
        "p": "р",
        "c": "с",
        "x": "х",
        "i": "і",
        "A": "А",
        "E": "Е",
        "B": "В",
        "C": "С",
        "H": "Н",
    }
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True)
class Case:
    """Texts by field, what is to be found in them (a detector's name), how it was hidden, and where they are from."""

    texts: Mapping[str, str]
    detector: str
    hidden: str
    region: str = "US"

    def __str__(self) -> str:
        return f"{self.detector} ({self.hidden})"


# The things ------------------------------------------------------------------------------------------


def luhn_digit(digits: str) -> str:
    """Return the check digit of Luhn for what stands before it."""
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def card(rng: random.Random) -> str:
    """Return a card number, written as on cards or in one piece."""
    start, length = rng.choice(
        [("4", 16), ("51", 16), ("55", 16), ("2223", 16), ("34", 15), ("37", 15), ("6011", 16), ("36", 14)]
    )
    body = start + "".join(rng.choices("0123456789", k=length - 1 - len(start)))
    number = body + luhn_digit(body)
    groups = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[length]
    return rng.choice(["", " ", "-"]).join(_grouped(number, groups))


def iban(rng: random.Random) -> str:
    """Return an IBAN of a country whose account numbers are digits."""
    country, length = rng.choice(
        [("DE", 22), ("CH", 21), ("ES", 24), ("PT", 25), ("AT", 20), ("NL", 18), ("GB", 22)]
    )
    bank = {"NL": "ABNA", "GB": "WEST"}.get(country, "")
    while True:
        account = bank + "".join(rng.choices("0123456789", k=length - 4 - len(bank)))
        if country not in {"ES", "PT", "NL"} or _national_part_is_right(country, account):
            break
    turned = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    number = f"{country}{98 - int(turned) % 97:02}{account}"
    return rng.choice(["", " "]).join(number[at : at + 4] for at in range(0, length, 4))


def _national_part_is_right(country: str, account: str) -> bool:
    """Return whether a country's own check digits within its IBAN are right, where libraries look at them."""
    if country == "PT":
        return (int(account[:19]) * 100 + int(account[19:])) % 97 == 1
    if country == "ES":
        return account[8:10] == _spanish("00" + account[:8]) + _spanish(account[10:])
    return sum(int(digit) * (10 - at) for at, digit in enumerate(account[4:])) % 11 == 0


def _spanish(digits: str) -> str:
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    left = 11 - sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return str({10: 1, 11: 0}.get(left, left))


DOMAINS = ("example.com", "mail.example.org", "beispiel.de", "correo.example.es", "exemplo.com.br")


def email(rng: random.Random) -> str:
    """Return an e-mail address."""
    first, last = (
        rng.choice(["ana", "ben", "chloe", "thao", "joao"]),
        rng.choice(["exa", "perez", "meyer", "nguyen"]),
    )
    local = rng.choice(
        [f"{first}.{last}", f"{first}{rng.randrange(100)}", f"{first}_{last}", f"{first}+shop"]
    )
    return f"{local}@{rng.choice(DOMAINS)}"


PHONES: Mapping[str, tuple[Callable[[random.Random], str], ...]] = {
    "US": (
        lambda rng: (
            f"({rng.choice(['212', '415', '305'])}) {rng.randrange(220, 999)}-{rng.randrange(1000, 9999)}"
        ),
        lambda rng: (
            f"+1 {rng.choice(['212', '415', '305'])} {rng.randrange(220, 999)} {rng.randrange(1000, 9999)}"
        ),
        lambda rng: (
            f"{rng.choice(['212', '415', '305'])}-{rng.randrange(220, 999)}-{rng.randrange(1000, 9999)}"
        ),
    ),
    "DE": (
        lambda rng: f"0151 {rng.randrange(10_000_000, 99_999_999)}",
        lambda rng: f"+49 30 {rng.randrange(200_000, 999_999)}",
        lambda rng: f"030 / {rng.randrange(200_000, 999_999)}",
    ),
    "CH": (
        lambda rng: f"079 {rng.randrange(200, 999)} {rng.randrange(10, 99)} {rng.randrange(10, 99)}",
        lambda rng: f"+41 44 {rng.randrange(200, 999)} {rng.randrange(10, 99)} {rng.randrange(10, 99)}",
    ),
    "ES": (
        lambda rng: f"6{rng.randrange(10, 99)} {rng.randrange(100, 999)} {rng.randrange(100, 999)}",
        lambda rng: f"+34 6{rng.randrange(10, 99)} {rng.randrange(100, 999)} {rng.randrange(100, 999)}",
    ),
    "BR": (
        lambda rng: f"(11) 9{rng.randrange(1000, 9999)}-{rng.randrange(1000, 9999)}",
        lambda rng: f"+55 11 9{rng.randrange(6000, 9999)}-{rng.randrange(1000, 9999)}",
    ),
    "VN": (
        lambda rng: f"090 {rng.randrange(100, 999)} {rng.randrange(1000, 9999)}",
        lambda rng: f"+84 90 {rng.randrange(100, 999)} {rng.randrange(1000, 9999)}",
    ),
    "GB": (
        lambda rng: f"020 7946 {rng.randrange(1000, 9999)}",
        lambda rng: f"+44 20 7946 {rng.randrange(1000, 9999)}",
    ),
}


def national_id(rng: random.Random) -> str:
    """Return a national id with its check digits."""
    return rng.choice([_ssn, _nino, _dni, _cpf, _idnr, _nir])(rng)


def _ssn(rng: random.Random) -> str:
    return f"{rng.randrange(100, 665)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"


def _nino(rng: random.Random) -> str:
    digits = " ".join(str(rng.randrange(10, 99)) for _ in range(3))
    return f"{rng.choice(['AB', 'CE', 'JK', 'PR'])} {digits} {rng.choice('ABCD')}"


def _dni(rng: random.Random) -> str:
    number = rng.randrange(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _cpf(rng: random.Random) -> str:
    digits = [rng.randrange(10) for _ in range(9)]
    for _ in range(2):
        total = sum(
            digit * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True)
        )
        digits.append(0 if total % 11 < 2 else 11 - total % 11)
    text = "".join(map(str, digits))
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def _idnr(rng: random.Random) -> str:
    """Return a German tax id behind its name: of its first ten digits one stands there twice, one not at all."""
    digits = rng.sample(range(10), 9)
    digits = [digits[0] or 1, *digits[1:]] if digits[0] == 0 and 1 not in digits else digits
    if digits[0] == 0:
        digits = digits[1:] + digits[:1]
    digits.insert(5, digits[1])
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = (2 * total) % 11
    text = "".join(map(str, digits)) + str((11 - product) % 10)
    return f"Steuer-ID {text[:2]} {text[2:5]} {text[5:8]} {text[8:]}"


def _nir(rng: random.Random) -> str:
    born = f"{rng.choice('12')}{rng.randrange(50, 99)}{rng.randrange(1, 13):02}{rng.randrange(10, 95)}"
    body = f"{born}{rng.randrange(100, 900)}{rng.randrange(100, 900)}"
    return " ".join(_grouped(f"{body}{97 - int(body) % 97:02}", (1, 2, 2, 2, 3, 3, 2)))


SECRETS = (
    ("sk-ant-api03-", 40),
    ("sk-proj-", 40),
    ("AKIA", 16),
    ("ghp_", 36),
    ("xoxb-", 40),
    ("AIza", 35),
    ("sk_live_", 24),
)


def secret(rng: random.Random) -> str:
    """Return a key in the shape of a vendor's."""
    start, count = rng.choice(SECRETS)
    letters = (
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        if start == "AKIA"
        else "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    )
    return start + "".join(rng.choices(letters, k=count))


def _grouped(text: str, counts: tuple[int, ...]) -> Iterator[str]:
    at = 0
    for count in counts:
        yield text[at : at + count]
        at += count


# How they are hidden -----------------------------------------------------------------------------------


def _spaced(text: str, rng: random.Random) -> str:
    return " ".join(character for character in text if character != " ")


def _zero_width(text: str, rng: random.Random) -> str:
    return "".join(character + rng.choice(["", "\u200b", "\u2060", "\u00ad"]) for character in text)


HIDDEN: Mapping[str, Callable[[str, random.Random], str]] = {
    "plain": lambda text, rng: text,
    "spaced": _spaced,
    "homoglyphs": lambda text, rng: text.translate(HOMOGLYPHS),
    "zero-width": _zero_width,
    "full-width": lambda text, rng: text.translate(FULL_WIDTH),
    "base64": lambda text, rng: base64.b64encode(f"this is {text}".encode()).decode(),
}
DIGIT_LOOKALIKES = str.maketrans({"0": "О", "1": "l"})
AROUND = (
    "Here it is: {} – thanks!",
    "{}",
    "Hey, {} 🙏 #love",
    "DM or {}. See you!",
    "Schreib uns: {}\nBis bald",
)


def _case(detector: str, thing: str, hidden: str, rng: random.Random, region: str) -> Case:
    if hidden == "split over fields":
        cut = rng.randrange(len(thing) // 3, 2 * len(thing) // 3)
        texts = {"caption": f"Here it is: {thing[:cut]}", "title": f"{thing[cut:]} thanks"}
        return Case(texts, detector, hidden, region)
    if hidden == "homoglyphs" and not any(one.isalpha() for one in thing.removeprefix("Steuer-ID ")):
        written = "".join(
            digit.translate(DIGIT_LOOKALIKES) if rng.random() < 0.5 else digit for digit in thing
        )
    else:
        name, _, bare = thing.rpartition("ID ")
        written = (f"{name}ID " if name else "") + HIDDEN[hidden](bare, rng)
    return Case({"caption": rng.choice(AROUND).format(written)}, detector, hidden, region)


WAYS = (*HIDDEN, "split over fields")
KINDS: Mapping[str, Callable[[random.Random], str]] = {
    "email": email,
    "card": card,
    "iban": iban,
    "national_id": national_id,
    "key_shape": secret,
}
OF_EACH = 12


def cases() -> list[Case]:
    """Return the cases in which there is something to find: each kind in each way, a dozen times."""
    rng = random.Random(SEED)
    made = [
        _case(detector, make(rng), way, rng, "US")
        for detector, make in KINDS.items()
        for way in WAYS
        if not (detector == "key_shape" and way in ("base64", "spaced"))
        for _ in range(OF_EACH)
    ]
    for way in WAYS:
        for region, formats in PHONES.items():
            for write in formats:
                written = write(rng)
                if way == "split over fields" and not written.startswith("+"):
                    continue
                made.append(_case("phone", written, way, rng, region))
    return made

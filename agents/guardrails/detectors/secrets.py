"""Keys and passwords: the shapes vendors give theirs, and what is assigned to a name that says "secret".

Shapes are those the vendors document for scanners; a value that is only assigned counts by its entropy
(Shannon, bits per character): a word has about 2.5 to 3, a key of 20 characters or more above 3.5.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from agents.guardrails.findings import Hit, ScanContext

_BEFORE, _AFTER = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"
SHAPES = {
    "anthropic_key": rf"{_BEFORE}sk-ant-[A-Za-z0-9_-]{{16,200}}",
    "openai_key": rf"{_BEFORE}sk-(?!ant-)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{{20,200}}",
    "aws_key": rf"{_BEFORE}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}{_AFTER}",
    "github_token": rf"{_BEFORE}(?:gh[pousr]_[A-Za-z0-9]{{30,255}}|github_pat_[A-Za-z0-9_]{{40,255}})",
    "slack_token": rf"{_BEFORE}xox[abeoprs]-[A-Za-z0-9-]{{10,250}}|hooks\.slack\.com/services/[A-Za-z0-9/]{{20,100}}",
    "google_key": rf"{_BEFORE}(?:AIza[A-Za-z0-9_-]{{35}}|ya29\.[A-Za-z0-9_-]{{20,300}}|GOCSPX-[A-Za-z0-9_-]{{20,60}})",
    "stripe_key": rf"{_BEFORE}(?:[sr]k_(?:live|test)_[A-Za-z0-9]{{16,250}}|whsec_[A-Za-z0-9+/=]{{20,100}})",
    "private_key": r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]{0,8000}-----END [A-Z ]{0,30}PRIVATE KEY-----)?",
    "jwt": rf"{_BEFORE}eyJ[A-Za-z0-9_-]{{8,4000}}\.eyJ[A-Za-z0-9_-]{{8,4000}}\.[A-Za-z0-9_-]{{8,4000}}",
    "bearer_token": r"\b[Bb]earer[ :]{1,3}[A-Za-z0-9._~+/=-]{20,2000}",
    "tiktok_token": rf"{_BEFORE}(?:act|rft|clt)\.[A-Za-z0-9!._-]{{24,200}}",
    "our_api_key": rf"{_BEFORE}tto_[A-Za-z0-9]{{10}}_[A-Za-z0-9_-]{{43}}",
}
_SHAPES = tuple((kind, re.compile(pattern)) for kind, pattern in SHAPES.items())
_TIKTOK_CLIENT = re.compile(
    r"client[ _-]?(?:secret|key)[\"']?\s{0,3}[:=]{1,2}\s{0,3}[\"']?(?P<value>[A-Za-z0-9]{16,64})\b",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?:api[ _-]?key|secret(?:[ _-]?key)?|access[ _-]?token|auth[ _-]?token|token|passw(?:or)?d|pwd|passphrase"
    r"|contrasena|passwort|kennwort|senha|mat khau)[\"']?"
    r"\s{0,3}(?:[:=]{1,2}|=>|\bis\b|\bist\b|\bes\b|\ble\b|\bla\b)\s{0,3}[\"'`]?"
    r"(?P<value>[^\s\"'`,;]{8,200})",
    re.IGNORECASE,
)
LEAST_BITS = 3.0
KEY_BITS = 3.5


def find_key_shapes(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield what has the shape of a vendor's key, in a comparable text."""
    for kind, pattern in _SHAPES:
        for match in pattern.finditer(text):
            yield Hit(match.start(), len(match.group()), kind, 0.95)
    for match in _TIKTOK_CLIENT.finditer(text):
        yield Hit(match.start("value"), len(match["value"]), "tiktok_client", 0.9)


def find_assigned_secrets(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield values assigned to a name that says they are secret, where they do not read like a word."""
    for match in _ASSIGNED.finditer(text):
        value = match["value"].rstrip(".!?)")
        score = _score(value)
        if score:
            yield Hit(match.start("value"), len(value), "assigned_secret", score)


def _score(value: str) -> float:
    """Return how surely a value is a secret: 0.9 for a key's entropy, 0.6 for a password's, 0 for a word."""
    has_both = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    bits = entropy_bits(value)
    if len(value) >= 20 and bits >= KEY_BITS and has_both:
        return 0.9
    return 0.6 if has_both and bits >= LEAST_BITS - 0.5 and len(value) >= 8 else 0.0


def entropy_bits(text: str) -> float:
    """Return the Shannon entropy of the characters of a text, in bits per character; 0 for none."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0

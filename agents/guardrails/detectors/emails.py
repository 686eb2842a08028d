"""E-mail addresses, written as machines read them or as people hide them from machines ("ana (at) example dot com").

Source: RFC 5321, 4.5.3.1 for lengths; the local part is what people use of RFC 5322, quoted ones are left out.
"""

import re
from collections.abc import Iterator

from agents.guardrails.findings import Hit, ScanContext

KIND = "email"
_LOCAL = r"(?<![\w.+%@-])(?P<local>\w[\w.+%-]{0,63})"
_AT = r"(?:\s?[\[({<]\s?(?:at|arroba|ät|@)\s?[\])}>]\s?|&#0?64;|&commat;|%40)"
_DOT = r"(?:\.|\s?[\[({]\s?(?:dot|punkt|punto|ponto|\.)\s?[\])}]\s?)"
_SPELT_AT = r"(?:\s(?:at|arroba)\s)"
_SPELT_DOT = r"(?:\s(?:dot|punkt|punto|ponto)\s)"
_TOP = (
    r"(?:com|net|org|info|biz|shop|store|app|dev|edu|gov|online|site|email|name|me|co|io|tv|eu|uk|us|de|at|ch|li|es"
    r"|mx|ar|cl|pe|br|pt|vn|fr|it|nl|be|pl|se|no|dk|fi|ie|ca|au|nz|in|jp|kr|cn|sg)"
)
_END = r"(?![\w@])"

_PLAIN = re.compile(rf"{_LOCAL}@(?:[\w-]{{1,63}}\.){{1,5}}[^\W\d_]{{2,24}}{_END}")
_HIDDEN = re.compile(
    rf"{_LOCAL}(?:{_AT}|@)(?:[\w-]{{1,63}}{_DOT}){{1,4}}{_TOP}{_END}"
    rf"|{_LOCAL.replace('local', 'spelt')}{_SPELT_AT}(?:[\w-]{{1,63}}{_SPELT_DOT}){{1,3}}{_TOP}{_END}"
    rf"|{_LOCAL.replace('local', 'wide')} ?@ ?(?:[\w-]{{1,63}} ?\. ?){{1,3}}{_TOP}{_END}",
    re.IGNORECASE,
)


def find_emails(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the e-mail addresses of a comparable text; hidden ones score 0.9."""
    if "@" in text:
        for match in _PLAIN.finditer(text):
            yield Hit(match.start(), len(match.group()), KIND, 0.98)
    for match in _HIDDEN.finditer(text):
        yield Hit(match.start(), len(match.group()), KIND, 0.9)

"""Links and domains that are not on the workspace's list; what counts as a link the compliance rules say."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from agents.definitions.compliance_rules import CheckedText, links
from agents.guardrails.findings import Hit, ScanContext
from agents.skills.severity import Severity

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ADDRESS = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")
_DOUBTFUL = re.compile(r"(?:javascript|data|vbscript|file):[^\s]{3,200}", re.IGNORECASE)


def find_links(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield links of a comparable text to a domain that is not allowed; an address in figures or Punycode is grave."""
    for hit in links(CheckedText("", text), ()):
        domain = domain_of(hit.span.of(text))
        if is_allowed(domain, context.allowed_domains):
            continue
        is_odd = bool(_ADDRESS.match(domain)) or "xn--" in domain
        severity = Severity.HIGH if is_odd else None
        yield Hit(hit.span.offset, hit.span.length, "odd_link" if is_odd else "link", 0.8, severity)
    for match in _DOUBTFUL.finditer(text):
        yield Hit(match.start(), len(match.group()), "odd_link", 0.8, Severity.HIGH)


def domain_of(link: str) -> str:
    """Return the host of a link as browsers read it, in lower case; what stands before an @ is not it."""
    try:
        host = urlsplit(link if _SCHEME.match(link) else f"https://{link}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").lower()


def is_allowed(domain: str, allowed: Sequence[str]) -> bool:
    """Return whether a domain, or one it is under, is on the list."""
    return any(domain == one or domain.endswith(f".{one}") for one in allowed)

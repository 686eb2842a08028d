"""Words as people write them: names to compare by, hashtags in a caption."""

import re
import unicodedata

MAX_HASHTAG_CHARS = 150

_HASHTAG = re.compile(r"#(\w{1,150})")


def folded(text: str) -> str:
    """Return the text in small letters without accents, each run of spaces as one."""
    apart = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).split())


def hashtags_in(caption: str) -> tuple[str, ...]:
    """Return the hashtags of a caption: lower case, without "#", each once, in their order."""
    return tuple(dict.fromkeys(match[1].lower()[:MAX_HASHTAG_CHARS] for match in _HASHTAG.finditer(caption)))

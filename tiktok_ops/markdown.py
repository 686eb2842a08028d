"""Markdown to safe HTML: the one place where text of agents and strangers becomes markup."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from tiktok_ops.cells import visible

_TAGS = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote"),
    *("h1", "h2", "h3", "h4", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
# "*" is what any element may have; left out, it would be nh3's own `title` and `lang`.
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}}
# CommonMark and tables. HTML in the text stays text, pictures would be fetched from elsewhere.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def render_markdown(text: str) -> SafeString:
    """Return `text` as HTML of a few harmless elements; links lead to https only, nothing is loaded.

    HTML in the text is shown as written, an image becomes a link, characters that hide or reorder
    text are written out. The result runs nothing and may stand in a page as it is.
    """
    html = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_https_only,
        link_rel="noopener noreferrer nofollow",
    )
    # Safe: nh3 parsed the HTML as a browser does and wrote it anew with nothing but the tags and
    # attributes above; `visible` then only puts [U+…] in the place of single characters.
    return mark_safe(visible(html))  # noqa: S308


def _https_only(tag: str, attribute: str, value: str) -> str | None:
    """Return an address if it is a whole one with https; a relative one would lead into our own pages."""
    return value if attribute != "href" or value.lower().startswith("https://") else None

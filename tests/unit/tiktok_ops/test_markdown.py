"""Markdown of agents and strangers: rendered, and harmless."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms import examples
from tiktok_ops.markdown import render_markdown

ALLOWED = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "h1", "h2", "h3", "h4"),
    *("a", "table", "thead", "tbody", "tr", "th", "td"),
}


class Elements(HTMLParser):
    """Every element of a piece of HTML with its attributes, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.found.append((tag, dict(attrs)))

    def handle_decl(self, decl: str) -> None:
        """Note a declaration, which must not be there."""
        self.found.append((f"!{decl}", {}))

    def handle_pi(self, data: str) -> None:
        """Note an instruction, which must not be there."""
        self.found.append((f"?{data}", {}))

    def handle_comment(self, data: str) -> None:
        """Note a comment, which must not be there."""
        self.found.append(("!--", {}))


def assert_harmless(html: str) -> None:
    """Fail unless `html` is made of allowed elements, with attributes only on links, to https only."""
    for tag, attributes in Elements(html).found:
        assert tag in ALLOWED, html
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set()), html
        if "href" in attributes:
            assert re.match(r"https://", attributes["href"] or "", re.IGNORECASE), html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title", "<h1>Title</h1>\n"),
        ("#### Fourth", "<h4>Fourth</h4>\n"),
        ("one **two** *three* `four`", "<p>one <strong>two</strong> <em>three</em> <code>four</code></p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("1. a", "<ol>\n<li>a</li>\n</ol>\n"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
        ("a  \nb", "<p>a<br>\nb</p>\n"),
        ("```\nx < y\n```", "<pre><code>x &lt; y\n</code></pre>\n"),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n"
            "<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        (
            "[site](https://example.org/a?b=c)",
            '<p><a href="https://example.org/a?b=c" rel="noopener noreferrer nofollow">site</a></p>\n',
        ),
        ("", ""),
    ],
)
def test_render_ordinary_markdown_gives_its_html(text: str, html: str) -> None:
    assert render_markdown(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b>bold</b><iframe src=https://example.org></iframe>",
        "<a href='https://example.org' onclick='alert(1)'>x</a>",
        "<!-- comment --><!DOCTYPE html><?php echo 1 ?>",
        "<svg/onload=alert(1)>",
        "a <style>body { display: none }</style> b",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox(1))",
        "[x](http://example.org)",
        "[x](//example.org)",
        "[x](/admin/logout/)",
        "[x](#fragment)",
        "[x](https&#58;//example.org)",
        '[x](https://example.org "title\\" onmouseover=alert(1)")',
        "<javascript:alert(1)>",
        "<http://example.org>",
        "[x]: javascript:alert(1)\n\n[x]",
        "![picture](https://example.org/track.png)",
        "![picture](data:image/svg+xml;base64,PHN2Zz4=)",
        "```html\n<script>alert(1)</script>\n```",
        "`<script>alert(1)</script>`",
        "| <script>alert(1)</script> |\n|---|\n| <img src=x> |",
        "###### sixth heading",
        "---",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_render_hostile_markdown_is_harmless(text: str) -> None:
    html = render_markdown(text)
    assert_harmless(html)
    assert "<script" not in html


def test_render_html_shows_it_as_written() -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in render_markdown("<script>alert(1)</script>")


def test_render_remote_image_loads_nothing() -> None:
    html = render_markdown("![picture](https://example.org/track.png)")
    assert "<img" not in html
    assert "src" not in html


def test_render_refused_link_keeps_its_text() -> None:
    assert render_markdown("[read me](http://example.org)") == "<p><a>read me</a></p>\n".replace(
        "<a>", '<a rel="noopener noreferrer nofollow">'
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay \u202e001 to me", "pay [U+202E]001 to me"),
        ("pay &#x202e;001 to me", "pay [U+202E]001 to me"),
        ("zero\u200bwidth", "zero[U+200B]width"),
        ("`\u2066code\u2069`", "<code>[U+2066]code[U+2069]</code>"),
    ],
)
def test_render_text_that_hides_or_reorders_writes_it_out(text: str, shown: str) -> None:
    assert shown in render_markdown(text)


def test_render_result_needs_no_more_escaping() -> None:
    assert hasattr(render_markdown("a"), "__html__")


PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "script",
            "img src=x onerror=y",
            "](",
            "[",
            "javascript:",
            "https://e.org",
            "data:",
            "`",
            "|",
        ),
        *(
            "\n",
            "---",
            "#",
            "![",
            ")",
            '"',
            "'",
            "&",
            "&#x3c;",
            "&lt;",
            "\u202e",
            "\\",
            "*",
            "  \n",
            "<!--",
            "-->",
        ),
    ]
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=25).map("".join))
def test_render_anything_is_harmless(text: str) -> None:
    assert_harmless(render_markdown(text))

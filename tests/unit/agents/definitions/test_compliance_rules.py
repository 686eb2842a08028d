import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.definitions import compliance_rules as rules
from agents.definitions.compliance_rules import RULESETS, CheckedText, Find
from agents.skills.captions import Span


def quotes(
    find: Find, text: str, *, hashtags: tuple[str, ...] = (), banned: tuple[str, ...] = ()
) -> list[str]:
    checked = CheckedText("1", text, hashtags)
    return [hit.span.of(text) for hit in find(checked, banned)]


@pytest.mark.parametrize("text", ["", "x" * 2_200, "🙂" * 1_100])
def test_caption_of_2200_units_is_not_too_long(text: str) -> None:
    assert quotes(rules.caption_too_long, text) == []


def test_caption_one_unit_too_long_quotes_what_does_not_fit() -> None:
    checked = CheckedText("1", "x" * 2_199 + "🙂y")
    (hit,) = rules.caption_too_long(checked, ())
    assert (hit.span.offset, hit.span.of(checked.text)) == (2_199, "🙂y")
    # 2,199 + 2 + 1
    assert hit.explanation == "The caption is 2,202 UTF-16 units long; TikTok takes 2,200."


def test_caption_much_too_long_quotes_eighty_characters() -> None:
    assert quotes(rules.caption_too_long, "x" * 2_200 + "y" * 500) == ["y" * 80]


@pytest.mark.parametrize(
    ("text", "hashtags", "expected"),
    [
        ("#a #b #c #d #e", (), []),
        ("#a #b #c #d #e", ("a", "b", "c", "d", "e"), []),
        ("#a #b #c #d #e #E #a", (), []),
        ("#a #b #c #d #e and #f #g", (), ["#f"]),
        ("#a #b #c #d #e", ("f",), [""]),
        ("no tags", ("a", "b", "c", "d", "e"), []),
        ("no tags", ("a", "b", "c", "d", "e", "f"), [""]),
        ("", ("a", "b", "c", "d", "e", "f"), [""]),
    ],
)
def test_more_than_five_different_hashtags_quotes_the_sixth(
    text: str, hashtags: tuple[str, ...], expected: list[str]
) -> None:
    assert quotes(rules.too_many_hashtags, text, hashtags=hashtags) == expected


@pytest.mark.parametrize(
    ("find", "hashtags"),
    [(rules.too_many_hashtags, tuple("abcdef")), (rules.missing_disclosure, ("gifted",))],
)
def test_evidence_beside_the_text_points_at_its_beginning(find: Find, hashtags: tuple[str, ...]) -> None:
    assert [hit.span for hit in find(CheckedText("1", "Tea", hashtags), ())] == [Span(0, 0)]


def test_too_many_hashtags_says_how_many_there_are() -> None:
    (hit,) = rules.too_many_hashtags(CheckedText("1", "#a #b #c", ("c", "d", "e", "f")), ())
    assert hit.explanation == "The post carries 6 hashtags; TikTok's app takes 5."


@pytest.mark.parametrize(
    ("text", "banned", "expected"),
    [
        ("It cures everything!", ("cures everything",), ["cures everything"]),
        ("CURES\n  EVERYTHING", ("cures everything",), ["CURES\n  EVERYTHING"]),
        ("best tea, cheapest tea", ("cheapest", "best"), ["cheapest", "best"]),
        ("bester Tee", ("best",), []),
        ("GRÖSSTE Auswahl", ("größte auswahl",), ["GRÖSSTE Auswahl"]),
        ("🙂🙂 100 % sicher", ("100% sicher", "100 % sicher"), ["100 % sicher"]),
        ("anything", ("", "  "), []),
        ("anything", (), []),
    ],
)
def test_banned_claim_is_found_as_whole_words(
    text: str, banned: tuple[str, ...], expected: list[str]
) -> None:
    assert quotes(rules.banned_claim, text, banned=banned) == expected


def test_banned_claim_offset_counts_characters_of_the_original() -> None:
    # ß and ﬁ fold to two letters each; the offset stays that of the text: 7 characters before the claim
    checked = CheckedText("1", "Maß ﬁn 🙂best")
    (hit,) = rules.banned_claim(checked, (" Best ",))
    assert (hit.span.offset, hit.span.length) == (8, 4)
    assert hit.explanation == "The brand has banned the claim 'Best'."


@pytest.mark.parametrize(
    ("text", "hashtags", "expected"),
    [
        ("Use my code TEA10 and our affiliate link", (), ["Use my code"]),
        ("In Kooperation mit Tee AG", (), ["In Kooperation mit"]),
        ("In Kooperation mit Tee AG #werbung", (), []),
        ("In Kooperation mit Tee AG", ("anzeige",), []),
        ("New tea", ("gifted",), [""]),
        ("New tea", ("gifted", "ad"), []),
        ("New tea", (), []),
        ("", (), []),
    ],
)
def test_missing_disclosure_is_found_where_a_deal_shows_and_no_label(
    text: str, hashtags: tuple[str, ...], expected: list[str]
) -> None:
    assert quotes(rules.missing_disclosure, text, hashtags=hashtags) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This serum CURES acne", "CURES acne"),
        ("It reverses diabetes naturally", "reverses diabetes"),
        ("heal your anxiety today", "heal your anxiety"),
        ("cures every disease", "cures every disease"),
        ("A miracle cure!", "miracle cure"),
        ("guaranteed weight loss", "guaranteed weight loss"),
        ("Lose 10 kg in just 7 days", "Lose 10 kg in just 7 days"),
        ("lose up to 20lbs in 2 weeks", "lose up to 20lbs in 2 weeks"),
        ("with no side effects", "no side effects"),
        ("without any side effects", "without any side effects"),
        ("𝐂𝐮𝐫𝐞𝐬 𝐜𝐚𝐧𝐜𝐞𝐫", "𝐂𝐮𝐫𝐞𝐬 𝐜𝐚𝐧𝐜𝐞𝐫"),
        ("cu\u200bres can\u00adcer", "cu\u200bres can\u00adcer"),
        ("Unser Tee heilt Krebs", "heilt Krebs"),
        ("Migra\u0308ne fu\u0308r immer heilen", "Migra\u0308ne fu\u0308r immer heilen"),
        ("Das Wundermittel", "Wundermittel"),
        ("garantiert schmerzfrei", "garantiert schmerzfrei"),
        ("100%ig gesund", "100%ig gesund"),
        ("garantierter Gewichtsverlust", "garantierter Gewichtsverlust"),
        ("5 Kilo in nur 7 Tagen abnehmen", "5 Kilo in nur 7 Tagen abnehmen"),
        ("ganz ohne Nebenwirkungen", "ohne Nebenwirkungen"),
    ],
)
def test_absolute_promise_of_health_is_found(text: str, expected: str) -> None:
    assert quotes(rules.health_claim, text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tea does not cure cancer",
        "It won't cure acne, and you never heal anxiety like that",
        "It doesn’t cure cancer",
        "Cured ham and cancer research",
        "Tee heilt keinen Krebs",
        "Krebsforschung: neue Studie",
        "Tea and cancer: what we know",
        "Side effects are listed on the box",
        "I lost 10 kg in two years",
        "Wunderbar schmeckt er",
    ],
)
def test_other_talk_of_health_is_not_a_claim(text: str) -> None:
    assert quotes(rules.health_claim, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Guaranteed returns!", "Guaranteed returns"),
        ("guaranteed monthly income", "guaranteed monthly income"),
        ("Income guaranteed", "Income guaranteed"),
        ("this guarantees high returns", "guarantees high returns"),
        ("risk-free profit", "risk-free profit"),
        ("How to get rich quick", "get rich quick"),
        ("Double your money now", "Double your money"),
        ("Earn $5,000 a month from home", "Earn $5,000 a month"),
        ("make up to 500€ per day", "make up to 500€ per day"),
        ("garantierte Rendite", "garantierte Rendite"),
        ("garantiertes passives Einkommen", "garantiertes passives Einkommen"),
        ("Gewinn garantiert", "Gewinn garantiert"),
        ("risikofreie Geldanlage", "risikofreie Geldanlage"),
        ("risikoloses Investment", "risikoloses Investment"),
        ("Schnell reich werden", "Schnell reich werden"),
        ("Verdopple dein Geld", "Verdopple dein Geld"),
        ("Verdiene 500 € pro Tag", "Verdiene 500 € pro Tag"),
        ("verdienen Sie bis zu 2.000 Franken im Monat", "verdienen Sie bis zu 2.000 Franken im Monat"),
        ("𝐝𝐨𝐮𝐛𝐥𝐞 𝐲𝐨𝐮𝐫 𝐦𝐨𝐧𝐞𝐲", "𝐝𝐨𝐮𝐛𝐥𝐞 𝐲𝐨𝐮𝐫 𝐦𝐨𝐧𝐞𝐲"),
    ],
)
def test_promise_of_income_is_found(text: str, expected: str) -> None:
    assert quotes(rules.income_claim, text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Guaranteed basic income: what would change?",
        "Garantiertes Grundeinkommen: Abstimmung am Sonntag",
        "The bank lost $5,000 a day",
        "Teachers earn more in Zurich",
        "Rendite und Risiko gehören zusammen",
        "Reich werden wollen alle",
    ],
)
def test_other_talk_of_money_is_not_a_claim(text: str) -> None:
    assert quotes(rules.income_claim, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evil\u202egnp.exe", ["\u202e"]),
        ("a\u2066b\u2069c", ["\u2066", "\u2069"]),
        ("zero\u200b\u200bwidth", ["\u200b\u200b"]),
        ("\ufeffstart", ["\ufeff"]),
        ("soft\u00adhyphen", ["\u00ad"]),
        ("null\x00", ["\x00"]),
        ("next\x85line", ["\x85"]),
        ("fill\u3164er", ["\u3164"]),
        ("tag\U000e0041s", ["\U000e0041"]),
        ("join\u200ded", ["\u200d"]),
        ("\u200d", ["\u200d"]),
        ("🙂\u200d", ["\u200d"]),
        ("🙂\u200d 🙂", ["\u200d"]),
        ("mark\u200fed", ["\u200f"]),
        ("\u200f\u200e", ["\u200f\u200e"]),
        ("❤\ufe0f\ufe01\ufe02", ["\ufe01\ufe02"]),
        ("🏴\U000e0067\U000e0062", ["\U000e0067\U000e0062"]),
    ],
)
def test_hidden_characters_are_found_one_hit_for_each_run(text: str, expected: list[str]) -> None:
    assert quotes(rules.hidden_characters, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text\twith\nlines\r\n",
        "❤\ufe0f and ☎\ufe0e",
        "👨\u200d👩\u200d👧 and 🏳\ufe0f\u200d🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم",
        "क्\u200dष",
        "\u200fשלום\u200e",
        "Zu\u0308rich",
        "نص \u061cعربي",
    ],
)
def test_characters_that_do_their_work_are_not_hidden(text: str) -> None:
    assert quotes(rules.hidden_characters, text) == []


def test_hidden_characters_are_named_once_each() -> None:
    (hit,) = rules.hidden_characters(CheckedText("1", "a\u200b\u202e\u200bb"), ())
    assert hit.explanation == "The text holds invisible characters (U+200B, U+202E)."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to me@tea.example, please", ["me@tea.example"]),
        ("ME.TOO+x@Tea-House.co.uk.", ["ME.TOO+x@Tea-House.co.uk"]),
        ("tee@müller.de", ["tee@müller.de"]),
        ("call +41 44 123 45 67", ["+41 44 123 45 67"]),
        ("(044) 123 45 67 is +41441234567", ["(044) 123 45 67", "+41441234567"]),
        ("044 123 45 67", ["044 123 45 67"]),
        ("0800-123-456", ["0800-123-456"]),
        ("0041 (0)44/123.45.67", ["0041 (0)44/123.45.67"]),
        ("555-123-4567 or (555) 123-4567", ["555-123-4567", "(555) 123-4567"]),
        ("a@b.ch 044 123 45 67 c@d.ch", ["a@b.ch", "c@d.ch", "044 123 45 67"]),
    ],
)
def test_contact_details_are_found(text: str, expected: list[str]) -> None:
    assert quotes(rules.contact_details, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@blick and @zeit.im.bild",
        "me@home",
        "am 01.06.2025 oder 01-06-25",
        "2025-06-01 12:30",
        "1.000.000 Franken, 0.123456789 Prozent, 0,12345678",
        "video 7183745306993954054",
        "Nr. 12345678",
        "+41",
        "0123456",
    ],
)
def test_numbers_and_mentions_are_not_contact_details(text: str) -> None:
    assert quotes(rules.contact_details, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://tea.example/a?b=1.", ["https://tea.example/a?b=1"]),
        ("(www.tea.example)", ["www.tea.example"]),
        ("order at Tea-House.ch!", ["Tea-House.ch"]),
        ("shop.tea.co.uk/new, or tea.com", ["shop.tea.co.uk/new", "tea.com"]),
        ("müller.de", ["müller.de"]),
        ("HTTPS://TEA.CH", ["HTTPS://TEA.CH"]),
    ],
)
def test_links_and_domains_are_found(text: str, expected: list[str]) -> None:
    assert quotes(rules.links, text) == expected


@pytest.mark.parametrize(
    "text", ["", "me@tea.ch", "z.B. am 1.6. u.s.w.", "3.50 Franken", "Ende.Anfang", "@tea.ch", "a.chair"]
)
def test_other_dots_are_not_links(text: str) -> None:
    assert quotes(rules.links, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JETZT ALLE SOFORT HINSEHEN bitte", ["JETZT ALLE SOFORT HINSEHEN"]),
        ("oh NO NO NO, STOP THAT RIGHT NOW ok", ["NO NO NO, STOP THAT RIGHT NOW"]),
        ("ÖFFNET ENDLICH ÜBERALL TÜREN", ["ÖFFNET ENDLICH ÜBERALL TÜREN"]),
        # 3 + 4 + 4 + 4 = 15 letters
        ("AAA BBBB CCCC DDDD", ["AAA BBBB CCCC DDDD"]),
        ("READ THIS NOW PLEASE and THEN READ THIS AGAIN", ["READ THIS NOW PLEASE", "THEN READ THIS AGAIN"]),
    ],
)
def test_shouting_is_found(text: str, expected: list[str]) -> None:
    assert quotes(rules.shouting, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AAA BBBB CCCC DDD",  # 14 letters
        "INTERNATIONAL COMMUNITIES EVERYWHERE",  # three words
        "SPÖ ÖVP FPÖ",
        "#ALL #THESE #ARE #HASHTAGS #HERE",
        "@ALL @THESE @ARE @MENTIONS",
        "BREAK THESE words UP PLEASE",
        "1 2 3 4 5 6 7 8",
    ],
)
def test_a_few_capitals_are_not_shouting(text: str) -> None:
    assert quotes(rules.shouting, text) == []


def test_shouting_says_how_many_words() -> None:
    (hit,) = rules.shouting(CheckedText("1", "READ THIS NOW PLEASE"), ())
    assert hit.explanation == "4 words in a row are in capitals."


pieces = st.sampled_from(
    [
        *("use my code ", "cures acne ", "best tea ", "guaranteed returns ", "a@b.ch ", "+41 44 123 45 67 "),
        *(
            "tea.ch ",
            "#a#b #c #d #e #f #g ",
            "READ THIS NOW PLEASE ",
            "\u202e",
            "\u200b",
            "ß",
            "ﬁ",
            "🙂",
            "e\u0301",
        ),
        *("x" * 700, "\n\t ", "\ufe0f", "𝐛𝐞𝐬𝐭 𝐭𝐞𝐚 "),
    ]
)
any_texts = st.one_of(st.text(max_size=60), st.lists(pieces, max_size=12).map("".join))


@given(text=any_texts, hashtags=st.lists(st.sampled_from("abcdefgh"), max_size=8))
@example(text="", hashtags=[])
def test_every_hit_in_any_text_lies_within_it_and_is_explained(text: str, hashtags: list[str]) -> None:
    checked = CheckedText("1", text, tuple(hashtags))
    for rule in RULESETS["tiktok"]:
        for hit in rule.find(checked, ("best tea", "ß")):
            assert 0 <= hit.span.offset <= hit.span.end <= len(text)
            assert hit.span.length or rule.id in ("too_many_hashtags", "missing_disclosure")
            assert re.fullmatch(r"[A-Z0-9].*\.", hit.explanation)

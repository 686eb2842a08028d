import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.disclosures import (
    COMMERCIAL_TAGS,
    DISCLOSURE_TAGS,
    find_commercial_signs,
    find_disclosures,
    has_disclosure,
    looks_commercial,
)
from agents.skills.hashtags import normalise_hashtag


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("New tea #ad", ["#ad"]),
        ("Neuer Tee #Werbung #tee", ["#Werbung"]),
        ("Neuer Tee #ANZEIGE", ["#ANZEIGE"]),
        ("#sponsored by nobody", ["#sponsored"]),
        ("\uff03ＡＤ tea", ["\uff03ＡＤ"]),
        ("#ad and #sponsored", ["#ad", "#sponsored"]),
        ("Paid partnership with Tea Ltd", ["Paid partnership"]),
        ("paid   Partnership", ["paid   Partnership"]),
        ("This video is sponsored by Tea Ltd", ["sponsored by"]),
        ("This is an ad for tea", ["This is an ad"]),
        ("This video is a paid advertisement", ["This video is a paid advertisement"]),
        ("Bezahlte Partnerschaft mit Tee AG", ["Bezahlte Partnerschaft"]),
        ("bezahlte Werbepartnerschaft", ["bezahlte Werbepartnerschaft"]),
        ("(unbezahlte Werbung)", ["unbezahlte Werbung"]),
        ("Enthält Werbung", ["Enthält Werbung"]),
        ("Entha\u0308lt bezahlte Produktplatzierungen", ["Entha\u0308lt bezahlte Produktplatzierungen"]),
        ("Gesponsert von Tee AG", ["Gesponsert von"]),
        ("Dauerwerbesendung!", ["Dauerwerbesendung"]),
        ("Werbung | Neuer Tee", ["Werbung"]),
        ("Anzeige: Neuer Tee", ["Anzeige"]),
        ("📢 Ad – new tea", ["📢 Ad"]),
        ("WERBUNG", ["WERBUNG"]),
        ("Neuer Tee [Anzeige]", ["Anzeige"]),
        ("New tea (ad) for you", ["ad"]),
        ("𝐏𝐚𝐢𝐝 𝐩𝐚𝐫𝐭𝐧𝐞𝐫𝐬𝐡𝐢𝐩", ["𝐏𝐚𝐢𝐝 𝐩𝐚𝐫𝐭𝐧𝐞𝐫𝐬𝐡𝐢𝐩"]),
    ],
)
def test_find_disclosures_in_disclosing_text_quotes_them(text: str, quotes: list[str]) -> None:
    assert [span.of(text) for span in find_disclosures(text)] == quotes
    assert has_disclosure(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "New tea",
        "#adventure #adele #tea",
        "Anzeige gegen Unbekannt nach Demo",
        "Polizei nimmt Anzeige auf",
        "Die Werbung der Zukunft",
        "Werbung im Fernsehen wird teurer",
        "State-sponsored hackers",
        "Add milk and stir",
        "We paid for the partnership",
        "#sponsor #spon #sp #collab",
        "In Kooperation mit Tee AG",
    ],
)
def test_find_disclosures_in_other_text_finds_nothing(text: str) -> None:
    assert find_disclosures(text) == []
    assert not has_disclosure(text)


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Use my code TEA10", ["Use my code"]),
        ("use code TEA10 today", ["use code"]),
        ("Enter our discount code at checkout", ["Enter our discount code"]),
        ("Discount codes in bio", ["Discount codes"]),
        ("This was gifted", ["was gifted"]),
        ("gifted by @tea", ["gifted by"]),
        ("so cute (gifted)", ["(gifted)"]),
        ("cute bag #gifted", ["#gifted"]),
        ("In partnership with Tea Ltd", ["In partnership with"]),
        ("we teamed up with Tea Ltd", ["teamed up with"]),
        ("affiliate links below", ["affiliate links"]),
        ("#affiliatelink", ["#affiliatelink"]),
        ("I am a brand ambassador", ["brand ambassador"]),
        ("got a PR sample", ["PR sample"]),
        ("Mit Rabattcode TEE10", ["Rabattcode"]),
        ("Gutschein-Code im Profil", ["Gutschein-Code"]),
        ("10 % mit dem Code TEE", ["mit dem Code"]),
        ("Nutzt meinen Code TEE10", ["meinen Code"]),
        ("Code eingeben und sparen", ["Code eingeben"]),
        ("In Kooperation mit Tee AG", ["In Kooperation mit"]),
        ("in  KOOPERATION\nmit Tee AG", ["in  KOOPERATION\nmit"]),
        ("kostenlos zur Verfügung gestellt", ["kostenlos zur Verfügung gestellt"]),
        ("geschenkt bekommen von Tee AG", ["geschenkt bekommen von"]),
        ("𝐮𝐬𝐞 𝐦𝐲 𝐜𝐨𝐝𝐞", ["𝐮𝐬𝐞 𝐦𝐲 𝐜𝐨𝐝𝐞"]),
        ("use my\u200b co\u00adde", ["use my\u200b co\u00adde"]),
        ("#gifted, use code TEA", ["#gifted", "use code"]),
    ],
)
def test_find_commercial_signs_in_commercial_text_quotes_them(text: str, quotes: list[str]) -> None:
    assert [span.of(text) for span in find_commercial_signs(text)] == quotes
    assert looks_commercial(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A gifted child plays chess",
        "Die Polizei in Zusammenarbeit mit der Feuerwehr",
        "Python code for beginners",
        "Der QR-Code der Zukunft",
        "Geschenkt ist geschenkt",
        "Link in bio",
        "Tee für 3.50 Franken, 20 % günstiger",
        "#partner #collab #couple",
        "Werbung | Neuer Tee",
    ],
)
def test_find_commercial_signs_in_other_text_finds_nothing(text: str) -> None:
    assert find_commercial_signs(text) == []
    assert not looks_commercial(text)


def test_has_disclosure_in_tags_kept_beside_the_text_counts() -> None:
    assert has_disclosure("New tea", ["tea", "ad"])
    assert not has_disclosure("New tea", ["tea", "advent"])


def test_looks_commercial_in_tags_kept_beside_the_text_counts() -> None:
    assert looks_commercial("New tea", ["tea", "gifted"])
    assert not looks_commercial("New tea", ["tea", "gift"])


def test_find_signs_gives_them_in_the_order_of_the_text() -> None:
    text = "use code TEA #gifted in partnership with Tea"
    offsets = [span.offset for span in find_commercial_signs(text)]
    assert offsets == [0, 13, 21]


def test_phrase_inside_a_listed_hashtag_counts_once() -> None:
    assert [span.of("#ad: tea") for span in find_disclosures("#ad: tea")] == ["#ad"]


@pytest.mark.parametrize("tag", sorted(DISCLOSURE_TAGS | COMMERCIAL_TAGS))
def test_listed_tag_is_spelled_as_tags_are_compared(tag: str) -> None:
    assert normalise_hashtag(f"#{tag}") == tag


def test_no_tag_is_both_a_disclosure_and_a_sign() -> None:
    assert not DISCLOSURE_TAGS & COMMERCIAL_TAGS


@given(st.text(max_size=40), st.sampled_from(["bezahlte Partnerschaft", "#anzeige", "sponsored by"]))
def test_disclosure_after_any_text_is_found(text: str, disclosure: str) -> None:
    assert has_disclosure(f"{text} {disclosure}")


@given(st.text(st.sampled_from("#ad [](|:–use my code\u200bＡ𝐝"), max_size=30))
def test_spans_in_any_text_lie_within_it_and_in_order(text: str) -> None:
    for spans in (find_disclosures(text), find_commercial_signs(text)):
        assert spans == sorted(spans)
        assert all(span.length > 0 and span.end <= len(text) for span in spans)

"""Does a caption say that it is advertising, and does it look as if it should?

Sources: FTC, "Disclosures 101 for Social Media Influencers" (2019) and 16 CFR part 255; die
medienanstalten, "Leitfaden Werbekennzeichnung bei Online-Medien"; § 5a (4) UWG; TikTok's branded
content policy. English and German only.
Limits: words, not meaning. The German guide doubts that "#ad" or "sponsored by" alone is enough for a
German audience; both count here. TikTok's own disclosure switch is not visible in a caption. Where a
label stands (the guides want it in front) is not judged.
"""

import re
from collections.abc import Iterable

from agents.skills.captions import Folded, Span, any_of, fold
from agents.skills.hashtags import find_hashtags

DISCLOSURE_TAGS = frozenset(
    [
        *("ad", "advertisement", "advertising", "sponsored", "sponsoredpost", "sponsoredcontent", "paidad"),
        *("paidpartnership", "paid_partnership", "paidpromotion", "anzeige", "werbung", "gesponsert"),
        *("bezahltewerbung", "unbezahltewerbung", "bezahltepartnerschaft", "bezahltewerbepartnerschaft"),
        *("bezahltekooperation", "dauerwerbesendung", "produktplatzierung"),
    ]
)

# Signs of a deal that the guides do not take for a disclosure. Tags with other everyday uses (#collab,
# #partner) are left out: duets and couples are not advertising.
COMMERCIAL_TAGS = frozenset(
    [
        *("gifted", "giftedproduct", "prsample", "prgift", "spon", "affiliate", "affiliatelink"),
        *("brandambassador", "brandpartner", "discountcode", "promocode", "rabattcode", "gutscheincode"),
        *("kooperation", "werbepartner"),
    ]
)


# Matched on folded text: lower case, single spaces. A bare "Anzeige" or "Werbung" is also a police
# report or a topic, so a lone word counts only where labels stand: in front, set off, or in brackets.
_LABEL = r"(?:ad|advert|advertisement|sponsored|werbung|anzeige|gesponsert)"
_DISCLOSURES = any_of(
    rf"^\W*{_LABEL}(?= ?(?:[:|/*•\])–—-]|$))",
    rf"(?<=[\[(|*]){_LABEL}(?=[\])|*])",
    r"\bpaid (?:partnership|promotion|advertisement|ad|collaboration)\b",
    r"\bsponsored (?:by|post|content|video)\b",
    r"\bthis (?:post|video)? ?is an? (?:paid )?(?:ad|advert|advertisement)\b",
    r"\b(?:un)?bezahlte (?:werbung|anzeige|kooperation|zusammenarbeit|(?:werbe)?partnerschaft)\b",
    r"\bgesponsert von\b",
    r"\benthält (?:(?:un)?bezahlte )?(?:werbung|produktplatzierung(?:en)?)\b",
    r"\bdauerwerbesendung\b",
)

_COMMERCIAL = any_of(
    r"\b(?:use|enter|apply|with) (?:my |our |the )?(?:(?:discount|promo|coupon) )?code\b",
    r"\b(?:discount|promo|coupon|voucher) ?codes?\b",
    r"\b(?:was|were|been|kindly) gifted\b|\bgifted (?:by|from|me|us)\b|[\[(]gifted[\])]",
    r"\b(?:in (?:collaboration|partnership|cooperation)|partnered|teamed up) with\b",
    r"\baffiliate[ -]?links?\b|\bbrand ambassador\b|\bpr[ -]samples?\b",
    r"\b(?:rabatt|gutschein|aktions|promo)-?codes?\b",
    r"\bmit (?:dem )?code\b|\b(?:mein|unser)e[mn] code\b|\bcode (?:eingeben|einlösen|verwenden|nutzen)\b",
    r"\bin (?:kooperation|werbepartnerschaft|partnerschaft) mit\b",
    r"\b(?:gratis|kostenlos|kostenfrei) zur verfügung gestellt\b|\bgeschenkt (?:bekommen )?von\b",
)


def find_disclosures(text: str) -> list[Span]:
    """Return where a text says that it is advertising, in the order it stands there.

    Counted: the hashtags in `DISCLOSURE_TAGS`; "paid partnership", "sponsored by", "bezahlte
    Partnerschaft", "enthält Werbung" and their kin; the lone words "Ad", "Werbung", "Anzeige" as a
    label ("Anzeige | …", "[Werbung]"), not inside a sentence ("Anzeige gegen Unbekannt").
    """
    return _found(fold(text), text, _DISCLOSURES, DISCLOSURE_TAGS)


def find_commercial_signs(text: str) -> list[Span]:
    """Return where a text looks as if somebody gave something for it, in the order it stands there.

    Counted: discount codes, gifts, affiliate links, "in Kooperation mit", "in partnership with", and
    the hashtags in `COMMERCIAL_TAGS`. Not counted: a price, a sale, "in Zusammenarbeit mit" (what the
    police does with everyone), a link in the profile.
    """
    return _found(fold(text), text, _COMMERCIAL, COMMERCIAL_TAGS)


def has_disclosure(text: str, hashtags: Iterable[str] = ()) -> bool:
    """Tell whether a text, or one of the normalised hashtags kept beside it, discloses advertising."""
    return bool(find_disclosures(text)) or not DISCLOSURE_TAGS.isdisjoint(hashtags)


def looks_commercial(text: str, hashtags: Iterable[str] = ()) -> bool:
    """Tell whether a text, or one of the normalised hashtags kept beside it, looks like a deal."""
    return bool(find_commercial_signs(text)) or not COMMERCIAL_TAGS.isdisjoint(hashtags)


def _found(folded: Folded, text: str, pattern: re.Pattern[str], tags: frozenset[str]) -> list[Span]:
    in_tags = [Span(found.offset, found.length) for found in find_hashtags(text) if found.tag in tags]
    # A phrase inside a hashtag would be found twice (#affiliatelink); the hashtag stands for it.
    in_words = [span for span in folded.find(pattern) if not any(_overlap(span, tag) for tag in in_tags)]
    return sorted(in_tags + in_words)


def _overlap(left: Span, right: Span) -> bool:
    return left.offset < right.end and right.offset < left.end

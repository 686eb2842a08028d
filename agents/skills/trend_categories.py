"""The categories TikTok lists trending hashtags by.

Its Discovery API tells no hashtag's category: it lists the popular ones of a category that is asked for. The names
are those the API and TikTok's Creative Center take (`category_name`), as clients of theirs have them; its industries
only, not the finer topics, so that asking for each stays a matter of a few calls. One that TikTok refuses or renames
costs a label, nothing else.
"""

import re

CATEGORIES = (
    *("APPAREL_AND_ACCESSORIES", "BABY_KIDS_AND_MATERNITY", "BEAUTY_AND_PERSONAL_CARE", "BUSINESS_SERVICES"),
    *("EDUCATION", "FINANCIAL_SERVICES", "FOOD_AND_BEVERAGE", "GAMES", "HEALTH", "HOME_IMPROVEMENT"),
    *(
        "HOUSEHOLD_PRODUCTS",
        "LIFE_SERVICES",
        "NEWS_AND_ENTERTAINMENT",
        "PETS",
        "SPORTS_AND_OUTDOOR",
        "TRAVEL",
    ),
    "VEHICLE_AND_TRANSPORTATION",
)
_APART = re.compile(r"[^A-Z0-9]+")


def category_code(written: str) -> str:
    """Return a category as TikTok writes it: "Food & beverage" is `FOOD_AND_BEVERAGE`; "" stays empty."""
    return _APART.sub("_", written.upper().replace("&", " AND ")).strip("_")

"""The world around the made brands: what trends in their country, and creators they might write to."""

from random import Random

from agents.sandbox.world.material import BRANDS, Material
from agents.sandbox.world.model import WorldCreator, WorldTrend

COUNTRY = "US"
STEADY = (0.9, 1.1)
"""What an ordinary trend gains a day this week, of what it gained before."""
TAKES_OFF = 5.0
CREATORS = 80

OFF_BRAND = (
    *("fishtankdrama", "robotwars", "celebrityquiz", "stockpicks", "gamingclips", "carmeets", "pranks"),
    *(
        "horoscope",
        "footballtransfers",
        "magiccards",
        "kpopdance",
        "minecraftbuilds",
        "wrestling",
        "cruiselife",
    ),
)
CATEGORIES = ("604968", "700437", "600024", "603014", "601450", "602284", "801928", "602118")
"""As ids, as TikTok tells them (`shop_categories`): lamps, food, kitchens, sports and skin, and three in which no
brand has anything to say."""
LISTED_UNDER = {
    "Home": "HOME_IMPROVEMENT",
    "Food": "FOOD_AND_BEVERAGE",
    "Sports": "SPORTS_AND_OUTDOOR",
    "Beauty": "BEAUTY_AND_PERSONAL_CARE",
}
"""Under which of TikTok's categories the topics of a brand trend."""
NAMES = (
    *(
        "amber",
        "bo",
        "cleo",
        "dario",
        "esme",
        "finn",
        "greta",
        "hugo",
        "ida",
        "jonas",
        "kira",
        "lars",
        "mina",
    ),
    *("nils", "orla", "paolo", "quinn", "rosa", "silas", "tara"),
)


def trends_of(dice: Random, *, rising: str, off_brand: str) -> tuple[WorldTrend, ...]:
    """Return 40 trends of which two take off, one of a brand's own topics and one that is nobody's."""
    tags = [(topic.tags[0], LISTED_UNDER[brand.category]) for brand in BRANDS for topic in brand.topics]
    tags += [(tag, "NEWS_AND_ENTERTAINMENT") for tag in OFF_BRAND]
    tags += [("dailylife", "LIFE_SERVICES"), ("howto", "LIFE_SERVICES")]
    return tuple(_trend(dice, tag, category, takes_off=tag in (rising, off_brand)) for tag, category in tags)


def _trend(dice: Random, tag: str, category: str, *, takes_off: bool) -> WorldTrend:
    a_day = dice.uniform(2e5, 2e6)
    week = 7 * a_day * (TAKES_OFF if takes_off else dice.uniform(*STEADY))
    month = 23 * a_day + week
    return WorldTrend(
        tag, COUNTRY, category, int(week), int(month), int(month + a_day * dice.uniform(60, 400))
    )


def creators_of(dice: Random) -> tuple[WorldCreator, ...]:
    """Return 80 creators; each makes videos in one or two categories."""
    return tuple(_creator(dice, number) for number in range(CREATORS))


def _creator(dice: Random, number: int) -> WorldCreator:
    name = NAMES[number % len(NAMES)]
    followers = int(10 ** dice.uniform(3.5, 5.8))
    return WorldCreator(
        handle=f"{name}.makes{number}",
        display_name=f"{name.title()} makes",
        country=COUNTRY,
        followers=followers,
        usual_views=int(followers * dice.uniform(0.1, 0.9)),
        categories=tuple(dice.sample(CATEGORIES, dice.randint(1, 2))),
        engagement_rate=round(dice.uniform(0.01, 0.12), 4),
    )


def first_tag(material: Material, dice: Random) -> str:
    """Return one of the tags that name a brand's topics."""
    return dice.choice(material.topics).tags[0]

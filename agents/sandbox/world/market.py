"""The world around the made brands: what trends in their categories, and creators they might write to."""

from datetime import datetime, timedelta
from random import Random

from agents.sandbox.world.material import BRANDS, Material
from agents.sandbox.world.model import TrendSighting, WorldCreator

REGION = "US"
SIGHTINGS = 15
"""Days a trend is seen, once a day."""
STEADY_A_DAY = (0.97, 1.03)
RISING_A_DAY = 1.45
FLAT_A_DAY = 1.0
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
SEGMENTS = (
    "home makers",
    "weeknight cooks",
    "hill walkers",
    "skin care beginners",
    "students",
    "new parents",
)
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


def trends_of(dice: Random, as_of: datetime, *, rising: str, off_brand: str) -> tuple[TrendSighting, ...]:
    """Return 40 trends, seen once a day: two take off, one of a brand's own and one that is nobody's."""
    tags = [(topic.tags[0], brand.category) for brand in BRANDS for topic in brand.topics]
    tags += [(tag, "Entertainment") for tag in OFF_BRAND] + [
        ("dailylife", "Lifestyle"),
        ("howto", "Lifestyle"),
    ]
    return tuple(
        sighting
        for tag, category in tags
        for sighting in _seen(dice, tag, category, as_of, takes_off=tag in (rising, off_brand))
    )


def _seen(dice: Random, tag: str, category: str, as_of: datetime, *, takes_off: bool) -> list[TrendSighting]:
    """Return the daily sightings of a trend: its views so far, of which each day adds about as many or far more."""
    a_day, views, seen = dice.uniform(2e5, 2e6), 0.0, []
    views = a_day * 30
    for place in range(SIGHTINGS):
        a_day *= RISING_A_DAY if takes_off and place >= SIGHTINGS // 2 else dice.uniform(*STEADY_A_DAY)
        views += a_day
        at = as_of - timedelta(days=SIGHTINGS - 1 - place)
        seen.append(TrendSighting(tag, REGION, category, at, int(views), int(views / 900)))
    return seen


def creators_of(dice: Random) -> tuple[WorldCreator, ...]:
    """Return 80 creators; each speaks mostly to one segment, in parts to two others."""
    creators = []
    for number in range(CREATORS):
        name = NAMES[number % len(NAMES)]
        main, second, third = dice.sample(SEGMENTS, 3)
        most = round(dice.uniform(0.45, 0.8), 2)
        rest = round((1 - most) * dice.uniform(0.4, 0.8), 2)
        creators.append(
            WorldCreator(
                handle=f"{name}.makes{number}",
                display_name=f"{name.title()} makes",
                followers=int(10 ** dice.uniform(3.5, 5.8)),
                engagement_rate=round(dice.uniform(0.01, 0.12), 4),
                segments={main: most, second: rest, third: round(1 - most - rest, 2)},
            )
        )
    return tuple(creators)


def first_tag(material: Material, dice: Random) -> str:
    """Return one of the tags that name a brand's topics."""
    return dice.choice(material.topics).tags[0]

"""The categories TikTok Shop files creators and products under, and the words by which a topic is one of them.

The marketplace says of a creator no more than the ids of such categories; an account's segments are tags and
words of its captions. The words are what the two can be compared by.

Ids and names: TikTok Shop's first-level categories, as `GET /product/202309/categories` lists them and the
creator marketplace filters by them; checked against three public lists of them. They are the same in every
region. Words: ours, those a caption or a tag would say, English and German.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agents.skills.captions import fold

SHORTEST_PART = 5
"""So many letters of a compound tag name a topic: "rain" in "#rainbow" names none, "jacket" in "#rainjacket" does."""


@dataclass(frozen=True, slots=True)
class ShopCategory:
    """One category: what TikTok calls it, and words of its topics, folded."""

    id: str
    name: str
    words: frozenset[str]


def _category(category_id: str, name: str, words: str) -> ShopCategory:
    return ShopCategory(category_id, name, frozenset(words.split()))


CATEGORIES: Mapping[str, ShopCategory] = MappingProxyType(
    {
        one.id: one
        for one in (
            _category(
                "600001",
                "Home Supplies",
                "household cleaning laundry storage organising organizing declutter candle haushalt putzen ordnung",
            ),
            _category(
                "600024",
                "Kitchenware",
                "kitchen cookware pan pot knife knifeskills baking cooking lunchbox küche pfanne topf messer backen",
            ),
            _category(
                "600154",
                "Textiles & Soft Furnishings",
                "bedding curtain cushion blanket towel rug textiles bettwäsche vorhang kissen decke teppich",
            ),
            _category(
                "600942",
                "Household Appliances",
                "appliance airfryer vacuum blender washer fridge heater haushaltsgerät staubsauger mixer",
            ),
            _category(
                "601152",
                "Womenswear & Underwear",
                "womenswear dress skirt blouse lingerie outfit ootd damenmode kleid rock",
            ),
            _category("601303", "Muslim Fashion", "hijab abaya modestfashion modestwear"),
            _category("601352", "Shoes", "shoe sneaker boot boots heels sandal schuhe stiefel"),
            _category(
                "601450",
                "Beauty & Personal Care",
                "beauty skincare skin makeup cream serum sunscreen spf moisturiser moisturizer cleansing hair "
                "haircare perfume nails cosmetics soap hautpflege haut kosmetik schminke creme seife",
            ),
            _category(
                "601739",
                "Phones & Electronics",
                "phone smartphone headphones earbuds camera gadget charger electronics handy kopfhörer kamera",
            ),
            _category(
                "601755",
                "Computers & Office Equipment",
                "computer laptop keyboard monitor desk printer stationery office schreibtisch tastatur büro",
            ),
            _category("602118", "Pet Supplies", "pet dog puppy cat kitten aquarium haustier hund katze"),
            _category(
                "602284",
                "Baby & Maternity",
                "baby toddler newborn pregnancy maternity nursery parenting schwanger kleinkind stillen",
            ),
            _category(
                "603014",
                "Sports & Outdoor",
                "sport fitness workout gym yoga running trailrunning trail hiking camping cycling outdoor outdoors "
                "backpack tent mountain wandern laufen radfahren zelt rucksack",
            ),
            _category("604206", "Toys & Hobbies", "toy lego puzzle boardgame model hobby spielzeug basteln"),
            _category(
                "604453", "Furniture", "furniture sofa armchair chair table shelf wardrobe möbel sessel regal"
            ),
            _category(
                "604579", "Tools & Hardware", "tools hardware drill screw hammer werkzeug bohrer schrauben"
            ),
            _category(
                "604968",
                "Home Improvement",
                "lamp lampshade ceilinglamp bulb lighting warmlight solarlight wiring diy diyhome renovation interior "
                "balcony smallflat wallpaper paint garden lampe beleuchtung renovieren garten balkon",
            ),
            _category(
                "605196", "Automotive & Motorcycle", "car cars motorcycle motorbike tyre detailing motorrad"
            ),
            _category(
                "605248",
                "Fashion Accessories",
                "accessories sunglasses belt scarf hat watch brille gürtel schal mütze",
            ),
            _category(
                "700437",
                "Food & Beverages",
                "food recipe soup broth bread sourdough leftovers vegetables salad mealprep snack coffee coldbrew tea "
                "drink vegan dinner rezept suppe brot gemüse kaffee tee essen",
            ),
            _category(
                "700645",
                "Health",
                "health wellness vitamin supplement nutrition sleep gesundheit vitamine schlaf",
            ),
            _category(
                "801928",
                "Books, Magazines & Audio",
                "book booktok reading novel bookshelf vinyl buch bücher lesen",
            ),
            _category("802184", "Kids' Fashion", "kidsfashion kidswear schoolwear kindermode"),
            _category("824328", "Menswear & Underwear", "menswear mensfashion suit shirt herrenmode anzug"),
            _category(
                "824584", "Luggage & Bags", "luggage suitcase handbag bag tote koffer tasche handtasche"
            ),
            _category("951432", "Collectibles", "collectibles collecting tradingcards figurine sammeln"),
            _category(
                "953224",
                "Jewelry Accessories & Derivatives",
                "jewelry jewellery ring necklace earrings bracelet schmuck kette ohrringe",
            ),
        )
    }
)
"""By id. One that is not here has no words: nothing can be compared with it."""

_BY_NAME = {fold(one.name).text: one for one in CATEGORIES.values()}


def category_name(category_id: str) -> str:
    """Return what TikTok calls a category; its id where that is not known."""
    known = CATEGORIES.get(category_id)
    return known.name if known else category_id


def category_named(name: str) -> ShopCategory | None:
    """Return the category with this name, whatever its case; None where there is none."""
    return _BY_NAME.get(fold(name).text.strip())


def is_about(category: ShopCategory, topic: Iterable[str]) -> bool:
    """Return whether one of a topic's tags and words is a word of the category.

    It is where it says that word, in the singular or with an s, or is a compound that begins or ends with one
    of five letters or more ("#rainjacket", "#hikinggear"). Ours.
    """
    return any(_says(word, token) for token in _tokens(topic) for word in category.words)


def _tokens(topic: Iterable[str]) -> set[str]:
    return {token.strip("#") for words in topic for token in fold(words).text.split()}


def _says(word: str, token: str) -> bool:
    if token in (word, f"{word}s", f"{word}es") or word == f"{token}s":
        return True
    return len(word) >= SHORTEST_PART and (token.startswith(word) or token.rstrip("s").endswith(word))

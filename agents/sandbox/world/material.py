"""What the made brands talk about: their voices, topics and products. All names are invented."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """Something a brand posts about: its tags, the first of which names it, openings and what follows."""

    tags: tuple[str, ...]
    openings: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What a brand is made of; a handle comes with its locale and time zone."""

    name: str
    category: str
    voice: str
    guidelines: str
    banned_claims: tuple[str, ...]
    handles: tuple[tuple[str, str, str], ...]
    topics: tuple[Topic, ...]
    products: tuple[str, ...]
    claim_caption: str
    undisclosed_caption: str


CLOSINGS = (
    "Save this for the weekend.",
    "Which one would you pick?",
    "Tell us how it went.",
    "Part two comes on Friday.",
    "Try it tonight.",
    "Watch until the end.",
    "Send this to somebody who needs it.",
    "More of this next week.",
)

LAMPS = Material(
    name="Lumenaria",
    category="Home",
    voice="Warm, calm and practical: light and lamps for small homes, explained by people who wire them.",
    guidelines="Talk about light, reading, bulbs, ceiling wires, paper shades, flats, balconies. No hard selling.",
    banned_claims=("fireproof", "lasts forever"),
    handles=(
        ("lumenaria.home", "en", "Europe/London"),
        ("lumenaria.workshop", "en", "Europe/London"),
        ("lumenaria.de", "de", "Europe/Berlin"),
    ),
    topics=(
        Topic(
            ("readingcorner", "lamps", "cosyhome"),
            (
                "A reading corner in a narrow hallway",
                "Where to put a lamp beside the armchair",
                "Two lamps, one book",
            ),
            (
                "starts with a warm bulb at shoulder height",
                "needs less light than you think",
                "works without drilling",
            ),
        ),
        Topic(
            ("warmlight", "bulbs", "lighting"),
            (
                "Warm or cold bulbs for the kitchen table",
                "What 2700 kelvin looks like at night",
                "Dimming a bulb by hand",
            ),
            (
                "and why skin looks better under it",
                "compared on the same white wall",
                "with a cheap wall switch",
            ),
        ),
        Topic(
            ("ceilinglamp", "wiring", "diyhome"),
            (
                "Hanging a ceiling lamp in a rented flat",
                "The three wires behind your ceiling",
                "A canopy that hides the hook",
            ),
            (
                "with the fuse off and a friend below",
                "step by step for beginners",
                "and the mistake we made first",
            ),
        ),
        Topic(
            ("lampshade", "handmade", "paper"),
            (
                "Folding a lampshade from one sheet of paper",
                "Our paper shades drying by the window",
                "A shade cut by hand",
            ),
            (
                "takes twelve minutes and a ruler",
                "throws a soft pattern on the wall",
                "holds its shape for years",
            ),
        ),
        Topic(
            ("smallflat", "interior", "rooms"),
            (
                "One small flat, three layers of light",
                "A dark corner in a small flat",
                "Moving a lamp changes the room",
            ),
            ("before and after in one take", "without buying anything new", "measured with a phone"),
        ),
        Topic(
            ("balcony", "solarlight", "summer"),
            (
                "Solar lanterns on a north balcony",
                "A balcony table after sunset",
                "String lights that survive rain",
            ),
            ("still glow at midnight", "need a clean panel once a month", "tested through a wet week"),
        ),
    ),
    products=(
        *("Paper shade 30 cm", "Paper shade 45 cm", "Arc floor lamp", "Clip reading lamp", "Warm bulb E27"),
        *("Dimmable bulb E14", "Fabric cable 3 m", "Ceiling canopy", "Solar lantern", "String lights 10 m"),
        *("Bedside lamp oak", "Bedside lamp ash", "Wall lamp brass", "Desk lamp steel", "Night light fox"),
    ),
    claim_caption="The bulb in our hallway simply lasts forever, and we never think about it. #bulbs #lighting",
    undisclosed_caption="Our favourite arc lamp for the sofa: use my code GLOW10 at the checkout. #lamps #cosyhome",
)

KITCHEN = Material(
    name="Brothwell",
    category="Food",
    voice="Curious, quick and honest: weeknight cooking with few tools and cheap vegetables.",
    guidelines="Talk about broth, soup, knife work, an iron pan, leftover vegetables, bread, lunches. In grams.",
    banned_claims=("melts fat", "guilt free"),
    handles=(
        ("brothwell", "en", "America/New_York"),
        ("brothwell.tools", "en", "America/New_York"),
        ("brothwell.es", "es", "Europe/Madrid"),
    ),
    topics=(
        Topic(
            ("brothrecipe", "soup", "weeknightdinner"),
            ("Onion broth in one pot", "A soup from what was left on Sunday", "Clear broth without a sieve"),
            (
                "with 300 grams of carrots",
                "that simmers while you tidy up",
                "and the skins we keep for colour",
            ),
        ),
        Topic(
            ("knifeskills", "cooking", "kitchentips"),
            (
                "How to hold a knife so that it stays sharp",
                "Cutting an onion without tears",
                "The claw grip in slow motion",
            ),
            ("shown from above", "for cooks who hurry", "with a knife for beginners"),
        ),
        Topic(
            ("ironpan", "pan", "cookware"),
            (
                "Seasoning an iron pan from rust",
                "Eggs that slide in an iron pan",
                "What never to do with a pan",
            ),
            ("takes an oven and an hour", "after the third thin coat of oil", "even when it smokes a little"),
        ),
        Topic(
            ("leftovers", "zerowaste", "vegetables"),
            ("Leftover rice, two ways", "Carrot tops are not rubbish", "A pesto from radish leaves"),
            ("crisp at the edges", "with 20 grams of nuts", "ready before the water boils"),
        ),
        Topic(
            ("bread", "baking", "sourdough"),
            ("Bread for people without patience", "A loaf in a cold oven", "Scoring dough with a razor"),
            ("folded three times", "with 75 percent water", "and a crust that sings"),
        ),
        Topic(
            ("lunchbox", "mealprep", "salad"),
            (
                "Five lunches from one pot of beans",
                "A salad that survives the train",
                "Packing noodles so they stay loose",
            ),
            ("for under ten coins a week", "dressed at the last minute", "in a jar from the cupboard"),
        ),
    ),
    products=(
        *("Iron pan 24 cm", "Iron pan 28 cm", "Stock pot 6 l", "Santoku knife", "Paring knife"),
        *("Oak board", "Bread razor", "Proofing basket", "Soup ladle", "Steamer insert"),
        *("Spice tin set", "Lunch box steel", "Glass jar set", "Apron linen", "Oven glove"),
    ),
    claim_caption="This bean soup melts fat while you sleep, or so my aunt says. #soup #mealprep",
    undisclosed_caption="The stock pot I cook in every week, use my code BROTH15 for yours. #cooking #soup",
)

TRAILS = Material(
    name="Fellrunner Supply",
    category="Sports",
    voice="Plain, outdoorsy and careful: hiking gear that can be mended, by people who walk in the rain.",
    guidelines="Talk about rain, jackets, trails, boots, packing light, mending and reading the clouds. Safety first.",
    banned_claims=("waterproof forever", "unbreakable"),
    handles=(
        ("fellrunner.supply", "en", "Europe/London"),
        ("fellrunner.mending", "en", "Europe/London"),
        ("fellrunner.alps", "de", "Europe/Zurich"),
    ),
    topics=(
        Topic(
            ("rainjacket", "hikinggear", "outdoors"),
            (
                "Washing a rain jacket so that it beads again",
                "A jacket after four hours of drizzle",
                "Where jackets leak first",
            ),
            ("with plain soap and a warm iron", "filmed on the ridge", "and the seam we check twice"),
        ),
        Topic(
            ("trailrunning", "trails", "hillrun"),
            (
                "Running downhill on loose stones",
                "Six kilometres before breakfast",
                "A trail that crosses three streams",
            ),
            ("with short steps and eyes ahead", "in the first frost", "and one very cold ford"),
        ),
        Topic(
            ("boots", "hikingboots", "footcare"),
            ("Breaking in boots without blisters", "Lacing for a wide foot", "New soles for old boots"),
            ("around the house in the evening", "shown lace by lace", "after nine hundred kilometres"),
        ),
        Topic(
            ("packlight", "backpack", "overnight"),
            ("One night out with four kilograms", "What we left at home this time", "Packing a tent upright"),
            ("weighed on the kitchen scale", "and missed only once", "so the wet side stays outside"),
        ),
        Topic(
            ("mendit", "repair", "sewing"),
            ("Mending a down jacket with a patch", "A zip that jams again", "Darning socks by a lamp"),
            ("no needle needed", "fixed with pliers in a minute", "because wool deserves it"),
        ),
        Topic(
            ("mountainweather", "safety", "map"),
            ("Reading clouds above a valley", "Turning back at noon", "A paper map in strong wind"),
            ("before the thunder does it for you", "was the right call", "folded to the size of a hand"),
        ),
    ),
    products=(
        *("Rain jacket", "Wind shirt", "Trail vest 5 l", "Backpack 32 l", "Merino sock"),
        *("Boot laces", "Down patch kit", "Wax bar", "Trekking pole", "Dry bag 8 l"),
        *("Head torch", "Gas stove", "Enamel cup", "Wool hat", "Gaiters"),
    ),
    claim_caption="A pole that is unbreakable, says Mark, who has broken three. #hikinggear #outdoors",
    undisclosed_caption="The trail vest I ran in all summer was kindly gifted, link below. #trailrunning #trails",
)

SKIN = Material(
    name="Velvet Fern",
    category="Beauty",
    voice="Gentle, precise and unhurried: simple skin care with few ingredients, explained by a chemist.",
    guidelines="Talk about skin, sunscreen, cleansing, labels, dry hands, cream and fern. Never promise a cure.",
    banned_claims=("clinically proven", "erases wrinkles"),
    handles=(
        ("velvetfern", "en", "America/Los_Angeles"),
        ("velvetfern.lab", "en", "America/Los_Angeles"),
        ("velvetfern.vn", "vi", "Asia/Ho_Chi_Minh"),
    ),
    topics=(
        Topic(
            ("sunscreen", "skincare", "spf"),
            (
                "How much sunscreen is two fingers",
                "Sunscreen under make up",
                "A mineral cream on darker skin",
            ),
            ("measured on a scale", "without pilling", "rubbed in for half a minute"),
        ),
        Topic(
            ("cleansing", "gentlecare", "routine"),
            (
                "Cleansing with milk instead of foam",
                "An evening routine in three steps",
                "Lukewarm water is enough",
            ),
            ("for skin that feels tight", "that takes four minutes", "says our chemist"),
        ),
        Topic(
            ("ingredients", "chemistry", "labels"),
            (
                "Reading a label from the back",
                "What glycerine does in a cream",
                "Why perfume stands at the end",
            ),
            ("with a red pen", "shown with blotting paper", "and what that means"),
        ),
        Topic(
            ("drywinter", "moisturiser", "cream"),
            ("Dry hands in January", "A thick cream, thinly spread", "Ointment on cracked heels"),
            ("after washing dishes", "stays on the skin for hours", "under cotton socks"),
        ),
        Topic(
            ("plantbased", "fern", "botany"),
            ("A fern from the forest to the jar", "Pressing leaves by hand", "The smell of crushed fern"),
            ("in nine steps", "in the lab at dawn", "is gone after a day"),
        ),
        Topic(
            ("patchtest", "sensitiveskin", "skintips"),
            ("Testing a cream behind the ear", "When skin says no", "A diary for sensitive skin"),
            ("for two nights first", "and what to leave out", "kept on one page"),
        ),
    ),
    products=(
        *("Fern cream 50 ml", "Fern cream 100 ml", "Cleansing milk", "Sun fluid SPF 30", "Sun cream SPF 50"),
        *("Hand cream", "Heel ointment", "Lip balm", "Facial mist", "Night oil"),
        *("Cotton pads", "Soap bar", "Body lotion", "Travel set", "Bamboo brush"),
    ),
    claim_caption="Clinically proven to smell like a forest after rain. #skincare #fern",
    undisclosed_caption="My morning fluid comes from friends of ours: our promo code FERN20 is up. #spf #skincare",
)

BRANDS = (LAMPS, KITCHEN, TRAILS, SKIN)

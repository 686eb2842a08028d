"""How `sample_posts.csv` was made: `python -m workflows.demo.make_sample > workflows/demo/sample_posts.csv`.

Made-up posts of a made-up lamp shop over 150 days, from a fixed seed: views follow the hour and the
topic, comments dry up in the last two weeks (a canary), two captions break the brand's rules.
"""

import csv
import random
import sys
from datetime import UTC, datetime, timedelta
from io import TextIOBase

COLUMNS = (
    "handle", "video_id", "url", "created_at", "caption", "hashtags", "views", "likes", "comments", "shares"
)  # fmt: skip
SEED = 11
LAST = datetime(2026, 10, 31, 18, 5, tzinfo=UTC)
DAYS = 150
TOPICS = {
    "cosy": (["cosycorner", "homedecor", "hygge"], 1.0, [
        "The reading corner before and after one warm lamp",
        "Rainy Sunday, one lamp, no ceiling light",
        "Three ways to make a rented room feel like yours",
    ]),
    "making": (["behindthescenes", "handmade", "smallbusiness"], 0.5, [
        "How a lampshade gets its curve",
        "A morning in the workshop, nothing sped up",
        "The glue takes nine minutes, so we talk",
    ]),
    "tips": (["lightingtips", "interiordesign", "firstflat"], 2.6, [
        "Never hang a pendant lamp at this height",
        "Warm or cold white? Look at your walls first",
        "One bulb change that makes a small kitchen bigger",
    ]),
    "desk": (["desksetup", "workfromhome", "studytok"], 1.6, [
        "Put your desk lamp on the other side, here is why",
        "A desk setup for evenings, under 60",
        "Glare, gone, without buying anything",
    ]),
}  # fmt: skip
BROKEN_CAPTIONS = {
    101: "This bulb saves 90% energy, trust us",
    117: "Use my code GLOW15 for 15 percent off the new lamp",
}


def main(out: TextIOBase) -> None:
    """Write the sample as CSV."""
    dice = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    moments = sorted(_moments(dice))
    for number, moment in enumerate(moments):
        writer.writerow(_row(dice, number, moment))


def _moments(dice: random.Random) -> list[datetime]:
    """Return when posts went out: five or six a week, mostly at noon, five and eight."""
    moments = [LAST]
    for day in range(1, DAYS):
        if dice.random() < 0.8:
            hour = dice.choices([11, 12, 16, 17, 19, 20], weights=[2, 3, 2, 3, 4, 3])[0]
            at = LAST - timedelta(days=day)
            moments.append(at.replace(hour=hour, minute=dice.randrange(60), second=dice.randrange(60)))
    return moments


def _row(dice: random.Random, number: int, moment: datetime) -> list[object]:
    """Return one post's row."""
    tags, pull, captions = TOPICS[dice.choice(list(TOPICS))]
    views = int(dice.lognormvariate(9.0, 0.7) * pull * (1.6 if moment.hour >= 19 else 1.0))
    if number % 31 == 17:
        views *= 14  # now and then one takes off
    is_recent = moment > LAST - timedelta(days=14)
    comments = int(views * dice.uniform(0.004, 0.009) * (0.3 if is_recent else 1.0))
    video_id = (int(moment.timestamp()) << 32) + dice.randrange(1 << 20)
    likes = int(views * dice.uniform(0.05, 0.11) * (1.3 if pull > 1 else 0.9))
    chosen = dice.sample(tags, k=2) + (["lamp"] if dice.random() < 0.4 else [])
    return [
        "lumen.lamps", video_id, f"https://www.tiktok.com/@lumen.lamps/video/{video_id}",
        moment.isoformat(), BROKEN_CAPTIONS.get(number, dice.choice(captions)),
        " ".join(f"#{tag}" for tag in chosen),
        views, likes, comments, int(views * dice.uniform(0.003, 0.012)),
    ]  # fmt: skip


if __name__ == "__main__":
    main(sys.stdout)  # type: ignore[arg-type]

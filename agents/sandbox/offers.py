"""What the sandbox writes to sell something: titles, descriptions, messages, lines to say. No figures."""

import re

from agents.sandbox.phrases import Facts, joined, name_for, summary_of, terms_of

MOST_NAMED = 3


def title_for(facts: Facts) -> str:
    """Return a title: an item's own terms and what is put in front, or its name where nothing is."""
    angle = facts.get("angle")
    if not isinstance(angle, str) or not angle:
        return name_for(facts)
    own = joined(terms_of(facts)[:MOST_NAMED]) or "this"
    return f"{own[:1].upper()}{own[1:]}: {angle}"


def description_for(facts: Facts) -> str:
    """Return what a reader should know of an item from its angle, or its figures where it has none."""
    angle = facts.get("angle")
    if not isinstance(angle, str) or not angle:
        return summary_of(facts)
    own = terms_of(facts) or ["this"]
    return (
        f"Here you read {angle}. It is about {joined(own)}, told without long words and without promises. "
        "Look at the pictures, compare it with what you have at home, and ask us before you choose."
    )


def message_for(facts: Facts) -> str:
    """Return a short letter to somebody whose audience shares these terms."""
    shared = facts.get("shared")
    named = [str(one) for one in shared if one] if isinstance(shared, list) else terms_of(facts)
    about = _plain(joined(named[:MOST_NAMED])) or "what we do"
    return (
        f"We like how you talk about {about}, and think that our audiences have much in common. "
        "Would you like to make something with us? If so, write back, and we will send you the details."
    )


def words_to_say(facts: Facts) -> str:
    """Return what a host could say in a part of a show, by the kind of part it is."""
    kind = f"the {_plain(str(facts.get('kind') or 'next part'))}".replace("_", " ")
    own = _plain(joined(terms_of({"terms": facts.get("terms")})[:MOST_NAMED]))
    about = f" about {own}" if own else ""
    return f"Now comes {kind}{about}: show it in your hands, and read the questions out loud."


def lesson_of(facts: Facts) -> str:
    """Return what to do otherwise next time, by what is there of this time; empty where nothing is."""
    recap = facts.get("recap")
    if not isinstance(recap, dict):
        return ""
    asked = "questions were asked" if recap.get("comments") else "the chat was quiet"
    return f"This time {asked}: have the answers ready, and show what sold best before anything else."


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\d+", "", text).split())

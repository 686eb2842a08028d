"""Figures in what a model writes: they are facts it was handed, or its answer is not taken."""

from collections.abc import Sequence

from pydantic import BaseModel

from agents.contract import AgentContext, Prompt
from agents.guardrails.texts import texts_of
from agents.skills.told_figures import Told


def check_figures_are_told(
    words: BaseModel, handed: Sequence[Prompt], context: AgentContext, *, instruction: str = ""
) -> None:
    """Raise `ValueError`, naming the field, for a figure in words that stands in nothing the model was handed.

    `handed` is the question, as it was and as the guardrails left it (`[EMAIL_1]` has a figure). Told are its facts,
    other people's texts, the brand's own, the account's name, and the instruction a person gave for this run; not our
    own instructions, and not what is remembered, which holds no figures for a question. Agents may be stricter.
    `agents.skills.told_figures` says what counts as the same figure.
    """
    texts = texts_of(words.model_dump(mode="json"))
    if not any(character.isdigit() for text in texts.values() for character in text):
        return
    given = [(prompt.facts, dict(prompt.untrusted)) for prompt in handed]
    told = Told.by(given, instruction, context.handle, context.locale, _said_by(context))
    for field, text in texts.items():
        if untold := told.untold(text):
            raise ValueError(
                f"The field {field!r} has the figure {untold[0]!r}, which is none of the facts; take figures from the "
                "facts alone, or leave it out."
            )


def _said_by(context: AgentContext) -> list[str]:
    """Return what the brand says to the model."""
    brand = context.brand
    return [brand.name, brand.voice, brand.guidelines, *brand.banned_claims] if brand else []

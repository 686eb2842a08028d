"""Words meant for the model rather than for people, in the product's languages: English, German, Spanish,
Portuguese, Vietnamese (accents are already off), and the marks models use between turns.

A heuristic, and not what keeps the system safe: an agent has no tools, and what it drafts passes a person
(Beurer-Kellner et al., "Design Patterns for Securing LLM Agents against Prompt Injections", 2025).
"""

import re
from collections.abc import Iterator

from agents.guardrails.findings import Hit, ScanContext
from agents.skills.captions import any_of

OWN_WORDS = "instruction"
"""The field of a prompt that holds our own instruction, which tells the model what to do, as it should."""


def _then(words: int = 3) -> str:
    """Return a pattern of at most so many words in between."""
    return rf"\W{{1,3}}(?:\w{{1,20}}\W{{1,3}}){{0,{words}}}?"


_OVERRIDE = any_of(
    rf"\b(?:ignore|disregard|forget|override|bypass|discard){_then()}"
    rf"(?:previous|prior|above|earlier|preceding|foregoing|your|system|these){_then(2)}"
    r"(?:instructions?|prompts?|rules|guidelines|directions|directives|commands|context|messages?|orders)\b",
    r"\b(?:ignore|disregard|forget)\W{1,3}(?:all|any|every)\W{1,3}(?:of\W{1,3})?(?:the\W{1,3})?"
    r"(?:instructions|prompts|commands)\b",
    rf"\b(?:ignore|disregard|forget)\W{{1,3}}everything{_then()}(?:above|before|previously|told|said)\b",
    rf"\b(?:ignorier\w{{0,3}}|vergiss|vergesst|missachte\w?|ubergeh\w{{0,2}}|uberschreib\w{{0,2}}){_then()}"
    r"(?:vorherig\w{1,2}|bisherig\w{1,2}|obig\w{1,2}|fruher\w{1,2}|vorig\w{1,2}|deine\w?|alle\w?|system)"
    rf"{_then(2)}(?:anweisung\w{{0,2}}|instruktion\w{{0,2}}|vorgaben?|befehle?|prompts?|regeln)\b",
    rf"\b(?:ignora\w{{0,2}}|olvida\w{{0,2}}|descarta|omite|desobedece){_then()}"
    r"(?:instrucciones|indicaciones|ordenes|directrices|prompt|comandos)\b",
    rf"\b(?:ignor[ea]|esqueca|esquece|desconsidere|desobedeca){_then()}"
    r"(?:instrucoes|orientacoes|ordens|diretrizes|prompt|comandos)\b",
    rf"\b(?:bo qua|quen di|quen|phot lo|lo di|khong tuan theo){_then()}"
    r"(?:huong dan|chi dan|chi thi|menh lenh|lenh|quy tac|cau lenh|prompt)\b",
)
_MODEL = r"(?:ai|ki|ia|assistant|assistent\w*|asistente|assistente|model\w*|bot|dan|admin\w*|system|sistema|developer)"
_ROLE = any_of(
    rf"\byou are (?:now|no longer){_then(3)}(?:{_MODEL}|mode|jailbroken|unrestricted|unfiltered|bound)\b",
    rf"\b(?:act|behave|respond) as{_then(4)}(?:system|admin\w*|developer|root|dan|unrestricted|unfiltered)\b",
    r"\b(?:do anything now|developer mode (?:is )?(?:on|enabled)|enable developer mode|jailbreak(?: mode)?)\b",
    rf"\bdu bist (?:jetzt|nun|ab jetzt|ab sofort){_then()}(?:{_MODEL}|entwickler\w*)\b",
    rf"\b(?:a partir de ahora|ahora) (?:eres|actuas|seras){_then(2)}{_MODEL}\b",
    rf"\b(?:a partir de agora|agora) (?:voce|tu) (?:e|es|sera|deve){_then(2)}{_MODEL}\b",
    rf"\b(?:bay gio|tu gio|tu bay gio)\W{{1,3}}(?:ban|may) (?:la|se la|phai){_then(2)}"
    r"(?:ai|tro ly|mo hinh|bot|quan tri\w*|he thong)\b",
)
_REVEAL = any_of(
    rf"\b(?:reveal|print|show|repeat|output|leak|display|tell me){_then()}"
    r"(?:system|hidden|initial|secret|original)\W{1,3}(?:prompts?|instructions?|messages?)\b",
    rf"\b(?:zeige?|nenne?|verrate?|gib|drucke?|wiederhole?){_then()}"
    r"(?:system-?\W?prompts?|systemanweisung\w*|deine anweisungen)\b",
    rf"\b(?:muestra|revela|imprime|repite|dime){_then()}(?:prompt|instrucciones|mensaje){_then(2)}"
    r"(?:sistema|ocult\w+|inicial\w*)\b",
    rf"\b(?:mostre|revele|imprima|repita|diga){_then()}(?:prompt|instrucoes|mensagem){_then(2)}"
    r"(?:sistema|ocult\w+|inicia\w*)\b",
    rf"\b(?:tiet lo|hien thi|in ra|cho toi biet|lap lai){_then()}(?:prompt|loi nhac|huong dan){_then(2)}"
    r"(?:he thong|bi mat|goc)\b",
)
_MARKS = re.compile(
    r"<\|(?:im_start|im_end|system|assistant|endoftext|begin_of_text)\|>|\[/?INST\]|<<SYS>>"
    r"|</?(?:system|assistant|untrusted|facts|brand)>|(?m:^#{2,4} ?(?:system|instructions?|assistant)\b)"
    r"|\b(?:end|begin) of (?:system )?(?:prompt|instructions)\b|\b(?:new|updated) (?:system )?instructions?:",
    re.IGNORECASE,
)
_FAMILIES = (
    ("override", _OVERRIDE, 0.9),
    ("role", _ROLE, 0.8),
    ("reveal", _REVEAL, 0.85),
    ("turn_marks", _MARKS, 0.8),
)
_COMPILED = tuple(
    (kind, re.compile(pattern.pattern, re.IGNORECASE), score) for kind, pattern, score in _FAMILIES
)


def find_injection(text: str, context: ScanContext) -> Iterator[Hit]:
    """Yield the passages of a comparable text that speak to the model."""
    if context.field == OWN_WORDS:
        return
    for kind, pattern, score in _COMPILED:
        for match in pattern.finditer(text):
            yield Hit(match.start(), len(match.group()), kind, score)

"""Compliance: captions, or drafts, checked against rules; every finding with its place and a fix."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.definitions.compliance_items import texts_in
from agents.definitions.compliance_rules import RULESETS, CheckedText, Hit, Rule, Severity
from agents.skills.hashtags import extract_hashtags, normalise_hashtag
from agents.skills.statistics import Ratio
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

PENALTIES = {
    Severity.INFO: 0,
    Severity.LOW: 2,
    Severity.MEDIUM: 10,
    Severity.HIGH: 30,
    Severity.CRITICAL: 100,
}
"""Points a finding takes from its text's 100; ours."""

GRAVEST_FIRST = tuple(reversed(Severity))
HIGH_TO_BLOCK = 3
MAX_SCORE_BLOCKED = 49.0
"""What is blocked never shows a passing score, however many clean texts stand beside it."""

MAX_ASKED = 20
EXCERPT_BEFORE = 100
EXCERPT_AFTER = 200
LONGEST_DRAFT = 20_000

NOTHING_TO_CHECK = "There are no drafts and no posts to check."
NO_BRAND = "No brand is linked to this account, so banned claims were not checked."


class Source(StrEnum):
    """Where the checked texts came from."""

    DRAFTS = "drafts"
    POSTS = "posts"


class Draft(Typed):
    """A text that is not posted yet; without an id it is called by its place: "draft-1"."""

    text: str = Field(max_length=LONGEST_DRAFT)
    id: str = Field(default="", max_length=100)


class ComplianceInput(Typed):
    """The rules to use, and the drafts to check; without drafts the posts named, else the newest ones.

    `draft` is the text of one more, checked first; an empty one is checked too. `items` are what another agent
    put out, and `parts` where the texts are in each: `recommended.title`. Of no items nothing is checked.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"drafts": [{"text": "Use my code LAMP #lamp"}]},
            ]
        }
    )

    ruleset: str = "tiktok"
    draft: str | None = Field(default=None, max_length=LONGEST_DRAFT)
    drafts: tuple[Draft, ...] = Field(default=(), max_length=200)
    items: tuple[dict[str, Any], ...] | None = Field(default=None, max_length=500)
    parts: tuple[str, ...] = Field(default=(), max_length=10)
    posts: tuple[str, ...] = Field(default=(), max_length=500)
    max_posts: int = Field(default=50, ge=1, le=500)

    @field_validator("ruleset")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in RULESETS:
            raise ValueError(f"ruleset {name!r} is not known; use one of {sorted(RULESETS)!r}.")
        return name

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [text.id for text in texts_of_drafts(self.all_drafts)]
        doubles = sorted({name for name in ids if ids.count(name) > 1})
        if doubles:
            raise ValueError(f"drafts share the id {doubles[0]!r}; give each draft an id of its own.")
        return self

    @property
    def all_drafts(self) -> tuple[Draft, ...]:
        """Return the drafts in the order they are checked."""
        single = () if self.draft is None else (Draft(text=self.draft),)
        inside = (Draft(id=name, text=text) for name, text in texts_in(self.items or (), self.parts))
        return (*single, *self.drafts, *inside)


class Finding(Typed):
    """What a rule found: `quote` is `text[offset:offset + length]` of the text named by `post`.

    Offset and length are in Python characters; a length of 0 means that the evidence is not in the
    text itself but in the hashtags kept beside it.
    """

    post: str
    rule: str
    severity: Severity
    quote: str
    offset: int
    length: int
    explanation: str
    fix: str


class KeyedFinding(Finding):
    """A finding with the key by which the model's words find it; `excerpt` is the text around it."""

    key: str
    excerpt: str


class ComplianceAnswer(Typed):
    """What facts and output share: `score` is 0 to 100, None when nothing was checked.

    `counts` has every severity, gravest first.
    """

    ruleset: str
    source: Source
    checked: int
    score: Ratio | None
    blocked: bool
    counts: dict[Severity, int]
    note: str


class ComplianceFacts(ComplianceAnswer):
    """All findings, gravest first; their `fix` is still the rule's own sentence."""

    findings: tuple[KeyedFinding, ...]


class AskedFinding(Typed):
    """A finding as the model sees it: what people wrote stays out of the facts."""

    key: str
    rule: str
    severity: Severity
    explanation: str


class AskedFindings(Typed):
    """The findings a fix is asked for."""

    findings: tuple[AskedFinding, ...]


class Fix(Typed):
    """What to change, for the finding with this key."""

    key: str
    fix: str


class ComplianceWords(Typed):
    """What the model writes: one fix for each finding it was given."""

    findings: tuple[Fix, ...]


class ComplianceOutput(ComplianceAnswer):
    """The findings with their fixes, gravest first."""

    findings: tuple[Finding, ...]


class Compliance(Agent[ComplianceInput, ComplianceFacts, ComplianceWords, ComplianceOutput]):
    """Checks texts against a set of rules; the model only words the fixes."""

    name = "compliance"
    purpose = "Check captions or drafts against TikTok's rules, the law's and the brand's own."
    model_tier = ModelTier.SMART
    Input = ComplianceInput
    Facts = ComplianceFacts
    Words = ComplianceWords
    Output = ComplianceOutput

    def compute(self, given: ComplianceInput, context: AgentContext) -> ComplianceFacts:
        """Check the drafts, or else the newest posts up to `as_of`."""
        banned = context.brand.banned_claims if context.brand else None
        if given.all_drafts or given.items is not None:
            return check_texts(
                texts_of_drafts(given.all_drafts),
                source=Source.DRAFTS,
                ruleset=given.ruleset,
                banned_claims=banned,
            )
        posts = posts_until(context.account_id, as_of=context.as_of)
        named = [post for post in posts if post.video_id in given.posts] if given.posts else posts
        texts = texts_of_posts(named, max_posts=len(given.posts) or given.max_posts)
        facts = check_texts(texts, source=Source.POSTS, ruleset=given.ruleset, banned_claims=banned)
        return _noting_missing(facts, given.posts, {post.video_id for post in named})

    def prompt(self, facts: ComplianceFacts, context: AgentContext) -> Prompt | None:
        """Ask for a fix for each of the gravest findings, unless there is nothing to fix."""
        asked = _asked(facts)
        if not asked:
            return None
        return Prompt(
            instruction=(
                "For each finding write one short sentence that tells the author what to change so that "
                "the finding goes away; do not repeat the explanation. Return every key exactly once. The "
                f"text around each finding stands under its key. Locale: {context.locale!r}."
            ),
            facts=AskedFindings(
                findings=tuple(
                    AskedFinding(
                        key=found.key, rule=found.rule, severity=found.severity, explanation=found.explanation
                    )
                    for found in asked
                )
            ),
            untrusted={found.key: found.excerpt for found in asked if found.excerpt},
        )

    def compose(self, facts: ComplianceFacts, words: ComplianceWords | None) -> ComplianceOutput:
        """Put the written fixes in place of the rules' own, for the findings that were asked about.

        Raises `ValueError` where a fix is empty, or a key is missing, unknown or given twice.
        """
        fixes = _checked_fixes(facts, words)
        findings = [
            found.model_dump(exclude={"key", "excerpt"}) | {"fix": fixes.get(found.key, found.fix)}
            for found in facts.findings
        ]
        return ComplianceOutput.model_validate(facts.model_dump() | {"findings": findings})


def texts_of_drafts(drafts: Sequence[Draft]) -> list[CheckedText]:
    """Return drafts as texts to check, with an id for each."""
    return [
        CheckedText(draft.id or f"draft-{place}", draft.text, extract_hashtags(draft.text))
        for place, draft in enumerate(drafts, start=1)
    ]


def texts_of_posts(posts: Sequence[PostFigures], *, max_posts: int) -> list[CheckedText]:
    """Return the newest posts as texts to check, newest first, whatever their order."""
    newest = sorted(posts, key=lambda post: (post.created_at, post.video_id), reverse=True)[:max_posts]
    return [
        CheckedText(
            post.video_id,
            post.caption,
            tuple(dict.fromkeys([*extract_hashtags(post.caption), *map(normalise_hashtag, post.hashtags)])),
        )
        for post in newest
    ]


def check_texts(
    texts: Sequence[CheckedText],
    *,
    source: Source = Source.DRAFTS,
    ruleset: str = "tiktok",
    banned_claims: Sequence[str] | None = None,
) -> ComplianceFacts:
    """Check texts against a ruleset and return every finding and what they add up to.

    Findings are ordered by severity, then by text as given, offset and rule. `banned_claims` None means
    that no brand is linked, which the note then says.
    Score: each text begins at 100 and loses `PENALTIES` per finding, down to 0; the score is the mean,
    at most 49 when blocked. Blocked: any critical finding, or three high ones, over all texts.
    Raises `KeyError` for an unknown ruleset (the input refuses one first).
    """
    findings = _findings(texts, RULESETS[ruleset], banned_claims or ())
    counts = {severity: sum(one.severity == severity for one in findings) for severity in GRAVEST_FIRST}
    blocked = is_blocked(one.severity for one in findings)
    return ComplianceFacts(
        ruleset=ruleset,
        source=source,
        checked=len(texts),
        score=_score(texts, findings, blocked=blocked),
        blocked=blocked,
        counts=counts,
        findings=findings,
        note=_note(texts, banned_claims),
    )


def is_blocked(found: Iterable[Severity]) -> bool:
    """Return whether what was found blocks: anything critical, or three that are high."""
    counts = Counter(found)
    return counts[Severity.CRITICAL] > 0 or counts[Severity.HIGH] >= HIGH_TO_BLOCK


def score_of_text(found: Iterable[Severity]) -> int:
    """Return what one text is worth, 0 to 100, by what was found in it."""
    return max(0, 100 - sum(PENALTIES[severity] for severity in found))


def _findings(
    texts: Sequence[CheckedText], rules: Sequence[Rule], banned_claims: Sequence[str]
) -> tuple[KeyedFinding, ...]:
    found = [
        (GRAVEST_FIRST.index(rule.severity), place, hit.span, rule, hit)
        for place, text in enumerate(texts)
        for rule in rules
        for hit in rule.find(text, banned_claims)
    ]
    found.sort(key=lambda one: (one[:3], one[3].id, one[4].explanation))
    return tuple(
        _finding(f"f{number}", texts[place], rule, hit)
        for number, (_, place, _, rule, hit) in enumerate(found, start=1)
    )


def _finding(key: str, checked: CheckedText, rule: Rule, hit: Hit) -> KeyedFinding:
    start = max(0, hit.span.offset - EXCERPT_BEFORE)
    return KeyedFinding(
        key=key,
        post=checked.id,
        rule=rule.id,
        severity=rule.severity,
        quote=hit.span.of(checked.text),
        offset=hit.span.offset,
        length=hit.span.length,
        explanation=hit.explanation,
        fix=rule.fix,
        excerpt=checked.text[start : hit.span.offset + EXCERPT_AFTER],
    )


def _score(texts: Sequence[CheckedText], findings: Sequence[Finding], *, blocked: bool) -> float | None:
    if not texts:
        return None
    found: dict[str, list[Severity]] = {text.id: [] for text in texts}
    for finding in findings:
        found[finding.post].append(finding.severity)
    mean = sum(map(score_of_text, found.values())) / len(found)
    return min(mean, MAX_SCORE_BLOCKED) if blocked else mean


def _note(texts: Sequence[CheckedText], banned_claims: Sequence[str] | None) -> str:
    if not texts:
        return NOTHING_TO_CHECK
    return NO_BRAND if banned_claims is None else ""


def _noting_missing(facts: ComplianceFacts, wanted: Sequence[str], found: set[str]) -> ComplianceFacts:
    missing = [repr(name) for name in dict.fromkeys(wanted) if name not in found]
    if not missing:
        return facts
    note = f"{facts.note} Not found and not checked: {', '.join(missing)}.".strip()
    return facts.model_copy(update={"note": note})


def _asked(facts: ComplianceFacts) -> tuple[KeyedFinding, ...]:
    return facts.findings[:MAX_ASKED]


def _checked_fixes(facts: ComplianceFacts, words: ComplianceWords | None) -> dict[str, str]:
    expected = [found.key for found in _asked(facts)]
    given = [(fix.key, fix.fix.strip()) for fix in words.findings] if words else []
    if sorted(key for key, _ in given) != sorted(expected):
        keys = [key for key, _ in given]
        raise ValueError(f"findings has the keys {keys!r}; give exactly one fix for each of {expected!r}.")
    empty = [key for key, fix in given if not fix]
    if empty:
        raise ValueError(f"findings has an empty fix for {empty[0]!r}; write one sentence.")
    return dict(given)


agent = Compliance()

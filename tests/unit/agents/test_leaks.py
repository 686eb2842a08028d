"""What must not come out of an agent: found however it is dressed, and nothing else is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pytest_django import Settings

from agents import leaks
from agents.contract import BrandVoice
from agents.leaks import (
    BRAND_WORDS,
    OUR_WORDS,
    check_nothing_leaks,
    cleaned,
    known_secrets,
    one_line,
    scrubbed,
    words_in,
)
from agents.prompts import render_system
from agents.providers.errors import OutputInvalid, ProviderRejected

GUIDELINES = (
    "Name the lamp once and show it switched on before you say anything else about it, mark every paid partnership, "
    "and end each caption with: made in Winterthur from wood that grew within fifty kilometres of the workshop."
)
BRAND = BrandVoice(
    name="Lumen", voice="Warm and dry.", guidelines=GUIDELINES, banned_claims=("lasts forever",)
)
SYSTEM = render_system(BRAND, "de-CH")
SECRET = "a-secret-of-ours-0123456789"


def leaks_out(text: str) -> bool:
    """Return whether a text is refused as an output."""
    try:
        check_nothing_leaks({"summary": ["fine", text]}, system=SYSTEM)
    except OutputInvalid as refused:
        return str(refused) == "The answer repeats its instructions; write only what is asked for."
    return False


@pytest.mark.parametrize(
    "text",
    [
        SYSTEM,
        "Sure: You write for the people who run TikTok accounts.",
        "you WRITE for the people\nwho run  TikTok accounts",
        "You, write * for: the (people) who – run – TikTok/accounts",
        "Y\u200bou wri\u00adte for the pe\u2060ople who run Tik\ufe0fTok accounts",
        "Ｙｏｕ ｗｒｉｔｅ for the people who run TikTok accounts",
        "You_write_for_the_people_who_run_TikTok_accounts",
        "You write for this brand, in its voice: Name: Lumen",
        "Name: Lumen Voice: Warm and dry. Guidelines: Name the lamp once",  # across the lines of the brand's block
        " ".join(GUIDELINES.split()[:BRAND_WORDS]),
        " ".join(GUIDELINES.split()[-BRAND_WORDS:]).upper(),
    ],
)
def test_say_the_system_text_in_any_dress_is_refused(text: str) -> None:
    assert leaks_out(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Views fell by half, and the account posts less than before; look at the canaries next.",
        "You write for the people who run",  # seven words of ours
        "Made in Winterthur from wood that grew within fifty kilometres of the workshop.",  # what the brand asks for
        " ".join(GUIDELINES.split()[: BRAND_WORDS - 1]),
        "Lumen lasts forever.",
    ],
)
def test_say_something_else_is_taken(text: str) -> None:
    assert not leaks_out(text)


def test_say_the_system_text_over_several_fields_is_refused() -> None:
    words = SYSTEM.split()[:12]
    with pytest.raises(OutputInvalid, match="repeats its instructions"):
        check_nothing_leaks([{"hook": " ".join(words[:6])}, {"hook": " ".join(words[6:])}], system=SYSTEM)


def test_say_the_system_text_of_a_language_without_spaces_is_refused() -> None:
    guidelines = "この新しいランプの名前はまだ誰にも言わないでください発表は来年の春に予定されています"
    system = render_system(BrandVoice(name="Lumen", guidelines=guidelines), "ja")
    with pytest.raises(OutputInvalid):
        check_nothing_leaks({"summary": f"はい。{guidelines}"}, system=system)
    check_nothing_leaks({"summary": guidelines[: BRAND_WORDS - 1]}, system=system)


def test_say_a_run_of_every_length_is_refused_from_the_bound_on() -> None:
    rules = SYSTEM.partition("<brand>")[0].split()
    refused = [leaks_out(" ".join(rules[3 : 3 + length])) for length in range(1, 20)]
    assert refused == [length >= OUR_WORDS for length in range(1, 20)]


@pytest.fixture
def secrets(settings: Settings) -> dict[str, str]:
    """Have a secret in every setting that holds one."""
    names = ("django", "approval", "vault", "studio", "tiktok", "database", "redis", "claude", "plain")
    found = {name: f"{name}-{SECRET}" for name in names}
    settings.SECRET_KEY = found["django"]
    settings.APPROVAL_KEYS = (("a2", found["approval"]),)
    settings.VAULT_KEYS = (("v1", found["vault"]),)
    settings.WEBHOOK_SECRETS = {"studio": (found["studio"],), "tiktok": (found["tiktok"],)}
    settings.DATABASES = {"default": {**settings.DATABASES["default"], "PASSWORD": found["database"]}}
    settings.Q_CLUSTER = {"redis": {"url": f"redis://u:{found['redis']}@host/0"}, "orm": "default", "n": 7}
    settings.PROVIDERS = {
        "claude": {
            "OPTIONS": {"api_key": SecretStr(found["claude"]), "base_url": "https://not-a-secret.example"}
        },
        "other": {"OPTIONS": {"client_secret": found["plain"], "token": None, "faults": {}}},
        "odd": {"OPTIONS": None},
        "broken": None,
    }
    return found


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_know_secrets_finds_those_of_every_setting_and_nothing_else(secrets: dict[str, str]) -> None:
    assert known_secrets() == set(secrets.values())


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_say_any_secret_anywhere_is_refused_and_not_repeated(secrets: dict[str, str]) -> None:
    for secret in secrets.values():
        for value in ({"a": f"x{secret}y"}, {secret: 1}, [[{"b": [secret]}]], {"a": {"b": secret}}):
            with pytest.raises(OutputInvalid, match="holds a key or a secret") as refused:
                check_nothing_leaks(value, system="")
            assert secret not in str(refused.value)
        assert scrubbed(f"before {secret} after") == "before [secret] after"
        assert secret not in one_line(f"{secret}\n{secret}")


@pytest.mark.parametrize("short", ["x", "postgres", "tiktok_ops"])
def test_know_secrets_leaves_out_what_people_write(settings: Settings, short: str) -> None:
    settings.SECRET_KEY = short
    assert short not in known_secrets()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("You write for the people who run TikTok accounts. And?", "[system prompt]. And?"),
        ("Well: you write for the people who run TikTok accounts", "Well: [system prompt]"),
        ("Y\u200bou write for the people who run TikTok accounts. And?", "[system prompt]"),
        ("Nothing of it.", "Nothing of it."),
    ],
)
def test_scrub_a_text_cuts_the_echo_out(text: str, kept: str) -> None:
    assert scrubbed(text, system=SYSTEM) == kept


def test_scrub_a_long_text_keeps_its_beginning_and_says_how_long_it_was() -> None:
    text = scrubbed("a" * (leaks.LONGEST_TEXT + 1), system=SYSTEM)
    assert text.endswith(" … (100,001 characters)")
    assert len(text) < leaks.LONGEST_TEXT + 30


def test_put_on_one_line_takes_out_what_steers_a_terminal_or_hides() -> None:
    assert one_line("a\x1b[2J\u202eb\u200b\n\n c\x00") == "a [2J b c"
    assert len(one_line("word " * 1000)) == leaks.LONGEST_SENTENCE
    assert one_line("word " * 1000).endswith("…")


def test_clean_an_error_leaves_what_may_be_shown_and_what_to_do() -> None:
    error = ProviderRejected(f"Claude said: {SYSTEM.removesuffix('</brand>')}", request_id="req_1\x1b")
    with pytest.raises(ProviderRejected) as caught, cleaned(SYSTEM):
        raise error
    assert str(caught.value) == "Claude said: [system prompt]"
    assert (caught.value.request_id, caught.value.advice) == ("req_1", "give_up")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_check_any_json_that_says_nothing_of_it_passes(value: Any) -> None:
    check_nothing_leaks(value, system=SYSTEM)
    assert json.loads(json.dumps(value)) == value


@given(st.integers(0, 60), st.integers(OUR_WORDS, 30), st.sampled_from((" ", "\n", "-", "_", " … ")))
def test_check_any_long_part_of_the_rules_is_found(start: int, length: int, between: str) -> None:
    words = words_in(SYSTEM.partition("<brand>")[0])
    part = words[start % (len(words) - OUR_WORDS) :][:length]
    assert leaks_out(between.join(part).upper())

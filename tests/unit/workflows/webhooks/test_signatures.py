"""Signatures and ages: the documented vector, everything that is not quite one, and every flipped bit."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture.source import modules
from tests.factories.webhooks import SECRET, digest_of, signature
from workflows.webhooks.signatures import LONGEST_HEADER, Age, age_of, signed_at

W1 = (
    rb'{"client_key":"aw_test","event":"post.publish.complete","create_time":1760000000,'
    rb'"user_openid":"act.test","content":"{\"publish_id\":\"v_pub_file~v2-1.7555\",'
    rb'\"publish_type\":\"DIRECT_PUBLISH\"}"}'
)
"""A webhook whose signature was computed by somebody else, for the secret below."""

W1_SIGNATURE = "d9779a525a35d1ba5e3bdad44ad47d7d9d9a49d75a2c8e2e9ccd767aefa1518c"
AT = 1_760_000_000
BODY = bytes(range(256)) + b"the rest of 300 bytes to be flipped, bit by "
GOOD = digest_of(BODY, at=AT)


def test_read_the_vector_computed_elsewhere_finds_it_signed() -> None:
    header = f"t={AT},s={W1_SIGNATURE}"
    assert len(W1) == 196
    assert signed_at(header, W1, secrets=("test_client_secret",)) == AT


def test_read_a_body_with_any_bit_flipped_finds_it_unsigned() -> None:
    assert len(BODY) == 300
    header = f"t={AT},s={GOOD}"
    assert signed_at(header, BODY, secrets=(SECRET,)) == AT
    for bit in range(len(BODY) * 8):
        flipped = bytearray(BODY)
        flipped[bit // 8] ^= 1 << bit % 8
        assert signed_at(header, bytes(flipped), secrets=(SECRET,)) is None, bit


def test_read_a_signature_with_any_digit_changed_finds_it_unsigned() -> None:
    for place, digit in enumerate(GOOD):
        for other in set("0123456789abcdef") - {digit}:
            changed = f"{GOOD[:place]}{other}{GOOD[place + 1 :]}"
            assert signed_at(f"t={AT},s={changed}", BODY, secrets=(SECRET,)) is None


NO_HEADERS = {
    "none": None,
    "empty": "",
    "no t": f"s={GOOD}",
    "no s": f"t={AT}",
    "empty t": f"t=,s={GOOD}",
    "empty s": f"t={AT},s=",
    "two t": f"t={AT},t={AT},s={GOOD}",
    "two s": f"t={AT},s={GOOD},s={GOOD}",
    "two s, one of them wrong": f"t={AT},s={'0' * 64},s={GOOD}",
    "two headers joined": f"t={AT},s={GOOD},t={AT},s={GOOD}",
    "no equals sign": f"t{AT},s{GOOD}",
    "semicolons": f"t={AT};s={GOOD}",
    "other names": f"T={AT},S={GOOD}",
    "t negative": f"t=-{AT},s={GOOD}",
    "t with a plus": f"t=+{AT},s={GOOD}",
    "t a float": f"t={AT}.0,s={GOOD}",
    "t in exponents": f"t=1.76e9,s={GOOD}",
    "t in Arabic digits": f"t={str(AT).translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))},s={GOOD}",
    "t in full-width digits": f"t={str(AT).translate(str.maketrans('0123456789', '０１２３４５６７８９'))},s={GOOD}",
    "t with an underscore": f"t=1_760_000_000,s={GOOD}",
    "t in hex": f"t={AT:#x},s={GOOD}",
    "t of 30 digits": f"t={10**30},s={GOOD}",
    "t with a leading zero": f"t=0{AT},s={GOOD}",
    "t with a newline": f"t={AT}\n,s={GOOD}",
    "t a second off": f"t={AT + 1},s={GOOD}",
    "s in upper case": f"t={AT},s={GOOD.upper()}",
    "s truncated": f"t={AT},s={GOOD[:-1]}",
    "s too long": f"t={AT},s={GOOD}0",
    "s padded": f"t={AT},s={GOOD}==",
    "s with 0x": f"t={AT},s=0x{GOOD[2:]}",
    "s with a space inside": f"t={AT},s={GOOD[:32]} {GOOD[33:]}",
    "s with a newline": f"t={AT},s={GOOD}\n",
    "s of no hex": f"t={AT},s={'g' * 64}",
    "s of full-width digits": f"t={AT},s={'０' * 64}",
    "s of another body": f"t={AT},s={digest_of(BODY[:-1], at=AT)}",
    "s of another time": f"t={AT},s={digest_of(BODY, at=AT - 1)}",
    "s by another secret": f"t={AT},s={digest_of(BODY, at=AT, secret='another-one')}",
    "s by no secret": f"t={AT},s={digest_of(BODY, at=AT, secret='')}",
    "64 KB": f"t={AT},s={GOOD},x={'y' * 65_536}",
    "64 KB of commas": f"t={AT},s={GOOD}{',' * 65_536}",
    "NUL": f"t={AT},s={GOOD}\0",
}


@pytest.mark.parametrize("header", NO_HEADERS.values(), ids=NO_HEADERS)
def test_read_a_header_that_is_not_quite_one_finds_nothing_signed(header: str | None) -> None:
    assert signed_at(header, BODY, secrets=(SECRET,)) is None


@pytest.mark.parametrize(
    "header",
    [
        f"t={AT},s={GOOD}",
        f"s={GOOD},t={AT}",
        f"t={AT}, s={GOOD}",
        f" t={AT},s={GOOD},v=2 ",
        f"t={AT},s={GOOD},",
    ],
)
def test_read_a_header_in_another_order_or_with_more_in_it_finds_it_signed(header: str) -> None:
    assert signed_at(header, BODY, secrets=(SECRET,)) == AT


BODIES = {
    "a byte-order mark before it": b"\xef\xbb\xbf" + W1,
    "a newline after it": W1 + b"\n",
    "spaces between its parts": W1.replace(b",", b", "),
    "cut short": W1[:-1],
    "nothing": b"",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_read_a_body_written_otherwise_finds_it_unsigned(body: bytes) -> None:
    assert signed_at(f"t={AT},s={W1_SIGNATURE}", body, secrets=("test_client_secret",)) is None


@pytest.mark.parametrize(
    ("secrets", "is_signed"),
    [
        ((SECRET,), True),
        (("new-secret-of-theirs", SECRET), True),
        ((SECRET, "old-secret-of-theirs"), True),
        (("new-secret-of-theirs", "old-secret-of-theirs"), False),
        ((f"{SECRET} ",), False),
        (("",), False),
        ((), False),
    ],
)
def test_read_with_several_secrets_takes_any_but_an_empty_one(
    secrets: tuple[str, ...], is_signed: bool
) -> None:
    assert signed_at(signature(BODY, at=AT), BODY, secrets=secrets) == (AT if is_signed else None)


def test_read_with_an_empty_secret_takes_not_even_what_is_signed_with_it() -> None:
    assert signed_at(signature(BODY, at=AT, secret=""), BODY, secrets=("",)) is None


@given(st.text(max_size=LONGEST_HEADER + 10), st.binary(max_size=64))
def test_read_any_header_raises_nothing(header: str, body: bytes) -> None:
    assert signed_at(header, body, secrets=(SECRET,)) is None


@pytest.mark.parametrize(
    ("seconds_ago", "age"),
    [
        (0, Age.FRESH),
        (299, Age.FRESH),
        (300, Age.FRESH),
        (301, Age.LATE),
        (600, Age.LATE),
        (300 + 7200, Age.LATE),
        (300 + 7201, Age.OUT_OF_TIME),
        (AT, Age.OUT_OF_TIME),
        (-299, Age.FRESH),
        (-300, Age.FRESH),
        (-301, Age.OUT_OF_TIME),
        (-600, Age.OUT_OF_TIME),
        (AT - 999_999_999_999, Age.OUT_OF_TIME),
    ],
)
def test_judge_age_both_ways_from_now(seconds_ago: int, age: Age) -> None:
    assert age_of(AT - seconds_ago, now=AT, late_seconds=7200) is age


@pytest.mark.parametrize(("seconds_ago", "age"), [(300, Age.FRESH), (301, Age.OUT_OF_TIME)])
def test_judge_age_of_a_source_that_does_not_repeat_itself_has_no_late(seconds_ago: int, age: Age) -> None:
    assert age_of(AT - seconds_ago, now=AT, late_seconds=0) is age


def test_compare_signatures_in_constant_time_and_nowhere_else() -> None:
    """P7: `hmac.compare_digest` alone compares; `==` on anything called digest would leak where it differs."""
    comparing = [
        (module.name, ast.unparse(node))
        for module in modules("workflows/webhooks")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    ]
    assert comparing == [("workflows.webhooks.signatures", "hmac.compare_digest")]

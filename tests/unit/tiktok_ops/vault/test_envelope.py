"""Sealed secrets: what opens them, and that nothing else does."""

from collections.abc import Callable
from traceback import format_exception

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.views.debug import ExceptionReporter
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tiktok_ops.vault import envelope
from tiktok_ops.vault.envelope import (
    NotSealed,
    SecretNotOpened,
    VaultKeyUnknown,
    VaultRefused,
    is_under_newest_key,
    open_text,
    rewrap,
    seal_text,
)

HERE, ELSEWHERE = "effect:1:upload_url", "effect:2:upload_url"
SECRET = "https://upload.example/video?token=geheim"
K1, K2, K3 = ("k1", "o" * 32), ("k2", "s" * 40), ("k3", "n" * 64)
HEADER_BYTES = 4  # version, length, "k2"
WRAPPED_END = HEADER_BYTES + 12 + 32 + 16
AROUND_BYTES = 12 + 16  # nonce and tag

texts = st.text(st.characters())  # surrogates among them
Door = Callable[..., object]
doors = pytest.mark.parametrize("door", [open_text, rewrap])


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Two keys, the newest first."""
    settings.VAULT_KEYS = (K2, K1)


def refusal(door: Door, sealed: bytes, binding: str = HERE) -> VaultRefused:
    """Return what this door refuses with."""
    with pytest.raises(VaultRefused) as refused:
        door(sealed, binding=binding)
    return refused.value


def flipped(sealed: bytes, place: int, mask: int = 1) -> bytes:
    """Return the bytes with some bits of one of them turned round."""
    changed = bytearray(sealed)
    changed[place] ^= mask
    return bytes(changed)


def key_of(secret: str) -> bytes:
    """Return the key-encryption key, derived a second time as the docstring says."""
    info = b"tiktok-ops vault: AES-256-GCM key-encryption key"
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())


# --- sealing and opening


@pytest.mark.parametrize("text", ["", "a", SECRET, "Zürich 🧀", "\x00\n", "\ud800", "e\u0301é", "x" * 2**20])
def test_open_sealed_text_gives_it_back(text: str) -> None:
    assert open_text(seal_text(text, binding=HERE), binding=HERE) == text


@given(texts, st.text())
def test_open_any_text_of_any_place_gives_it_back(text: str, binding: str) -> None:
    sealed = seal_text(text, binding=binding)

    assert open_text(sealed, binding=binding) == text
    assert open_text(rewrap(sealed, binding=binding), binding=binding) == text


def test_seal_text_twice_shares_no_part_of_it() -> None:
    one, two = seal_text(SECRET, binding=HERE), seal_text(SECRET, binding=HERE)

    assert one[:HEADER_BYTES] == two[:HEADER_BYTES] == b"\x01\x02k2"
    nonces = {sealed[start : start + 12] for sealed in (one, two) for start in (HEADER_BYTES, WRAPPED_END)}
    assert len(nonces) == 4
    assert one[HEADER_BYTES + 12 : WRAPPED_END] != two[HEADER_BYTES + 12 : WRAPPED_END]
    assert one[WRAPPED_END + 12 :] != two[WRAPPED_END + 12 :]


def test_seal_text_shows_neither_text_nor_place_only_its_length() -> None:
    sealed = seal_text(SECRET, binding=HERE)

    assert len(sealed) == WRAPPED_END + AROUND_BYTES + len(SECRET)
    for hidden in (SECRET, HERE, K2[1]):
        assert hidden.encode() not in sealed


def test_sealed_text_is_laid_out_as_the_docstring_says() -> None:
    """Opened by hand, with the primitives alone: what is stored today must open for ever."""
    sealed = seal_text(SECRET, binding=HERE)
    header, wrapped, ciphertext = sealed[:4], sealed[4:WRAPPED_END], sealed[WRAPPED_END:]

    data_key = AESGCM(key_of(K2[1])).decrypt(wrapped[:12], wrapped[12:], header + HERE.encode())
    text = AESGCM(data_key).decrypt(ciphertext[:12], ciphertext[12:], b"\x01" + HERE.encode())

    assert (len(data_key), text.decode()) == (32, SECRET)


def test_open_text_sealed_by_hand_gives_it_back() -> None:
    data_key, nonce, header = b"d" * 32, b"n" * 12, b"\x01\x02k1"
    wrapped = nonce + AESGCM(key_of(K1[1])).encrypt(nonce, data_key, header + HERE.encode())
    ciphertext = nonce + AESGCM(data_key).encrypt(nonce, SECRET.encode(), b"\x01" + HERE.encode())

    assert open_text(header + wrapped + ciphertext, binding=HERE) == SECRET


def test_key_that_wraps_is_not_the_configured_secret_itself(settings: Settings) -> None:
    settings.VAULT_KEYS = (("k2", "s" * 32),)
    wrapped = seal_text(SECRET, binding=HERE)[HEADER_BYTES:WRAPPED_END]

    with pytest.raises(InvalidTag):
        AESGCM(b"s" * 32).decrypt(wrapped[:12], wrapped[12:], b"\x01\x02k2" + HERE.encode())


# --- what is not opened


@doors
@pytest.mark.parametrize("binding", [ELSEWHERE, "", HERE + " ", HERE.upper(), HERE[:-1], f"k2{HERE}"])
def test_open_secret_at_another_place_is_refused_naming_that_place(door: Door, binding: str) -> None:
    refused = refusal(door, seal_text(SECRET, binding=HERE), binding)

    assert type(refused) is SecretNotOpened
    assert str(refused) == (
        f"What is stored for {binding!r} cannot be opened: it was sealed for another place or changed since, "
        "or its key in VAULT_KEYS is another one now; store the secret anew."
    )


def test_open_ciphertext_under_the_wrapped_key_of_another_is_refused() -> None:
    one, two = seal_text("one", binding=HERE), seal_text("two", binding=HERE)

    assert type(refusal(open_text, one[:WRAPPED_END] + two[WRAPPED_END:])) is SecretNotOpened


def test_open_ciphertext_moved_with_a_data_key_wrapped_for_the_new_place_is_refused() -> None:
    """Whoever has the data key and the wrapping key still cannot pass off the ciphertext as another row's."""
    sealed = seal_text(SECRET, binding=HERE)
    wrapped = sealed[HEADER_BYTES:WRAPPED_END]
    wrapping = AESGCM(key_of(K2[1]))
    data_key = wrapping.decrypt(wrapped[:12], wrapped[12:], sealed[:HEADER_BYTES] + HERE.encode())
    anew = wrapped[:12] + wrapping.encrypt(wrapped[:12], data_key, sealed[:HEADER_BYTES] + ELSEWHERE.encode())

    moved = sealed[:HEADER_BYTES] + anew + sealed[WRAPPED_END:]
    assert type(refusal(open_text, moved, ELSEWHERE)) is SecretNotOpened


def test_open_secret_with_any_byte_changed_is_refused() -> None:
    sealed = seal_text("geheim", binding=HERE)

    kinds = [type(refusal(open_text, flipped(sealed, place))) for place in range(len(sealed))]

    assert kinds[0] is NotSealed
    assert set(kinds[2:HEADER_BYTES]) == {VaultKeyUnknown}
    assert set(kinds[HEADER_BYTES:]) == {SecretNotOpened}


@given(texts, st.data(), st.integers(min_value=1, max_value=255))
def test_open_any_secret_with_any_byte_changed_is_refused(text: str, data: st.DataObject, mask: int) -> None:
    sealed = seal_text(text, binding=HERE)
    place = data.draw(st.integers(min_value=0, max_value=len(sealed) - 1))

    refusal(open_text, flipped(sealed, place, mask))


@pytest.mark.parametrize("place", range(WRAPPED_END))
def test_rewrap_secret_with_its_head_changed_is_refused(place: int) -> None:
    refusal(rewrap, flipped(seal_text(SECRET, binding=HERE), place))


def test_open_secret_under_the_name_of_another_key_is_refused(settings: Settings) -> None:
    settings.VAULT_KEYS = (K2, ("k1", K2[1]))  # even of one that has the same secret
    sealed = seal_text(SECRET, binding=HERE)

    assert type(refusal(open_text, sealed.replace(b"k2", b"k1", 1))) is SecretNotOpened


def test_open_secret_longer_or_shorter_by_a_byte_is_refused() -> None:
    sealed = seal_text(SECRET, binding=HERE)

    assert {type(refusal(open_text, changed)) for changed in (sealed + b"\x00", sealed[:-1])} == {
        SecretNotOpened
    }


# --- what was never sealed


@doors
@pytest.mark.parametrize("kept", [0, 1, 2, HEADER_BYTES, WRAPPED_END, WRAPPED_END + AROUND_BYTES - 1])
def test_open_secret_cut_off_within_its_frame_is_not_sealed(door: Door, kept: int) -> None:
    refused = refusal(door, seal_text("", binding=HERE)[:kept])

    assert type(refused) is NotSealed
    assert str(refused) == (
        "This is not a sealed secret, or not a whole one: give what the vault sealed, every byte of it."
    )


@pytest.mark.parametrize(
    "given_bytes",
    [b"\x00" * 200, b"\x02" + b"\x01" * 200, SECRET.encode() * 9, b"\x01\xff" + b"k" * 300],
    ids=["zeros", "next version", "a secret in the open", "a key id too long for the rest"],
)
def test_look_at_what_was_never_sealed_is_refused(given_bytes: bytes) -> None:
    for door in (open_text, rewrap):
        assert type(refusal(door, given_bytes)) is NotSealed
    with pytest.raises(NotSealed) as refused:
        is_under_newest_key(given_bytes)
    assert "geheim" not in str(refused.value)


@given(st.binary(max_size=200))
def test_open_any_bytes_is_refused_as_the_vault_refuses(given_bytes: bytes) -> None:
    refusal(open_text, given_bytes)
    refusal(open_text, b"\x01\x02k2" + given_bytes)


# --- keys come and go


def test_change_of_keys_keeps_older_secrets_open_until_their_key_goes(settings: Settings) -> None:
    sealed = seal_text(SECRET, binding=HERE)
    settings.VAULT_KEYS = (K3, K2)
    assert open_text(sealed, binding=HERE) == SECRET
    assert seal_text(SECRET, binding=HERE).startswith(b"\x01\x02k3")
    settings.VAULT_KEYS = (K3,)

    for door in (open_text, rewrap):
        refused = refusal(door, sealed)
        assert type(refused) is VaultKeyUnknown
        assert str(refused) == (
            "The key 'k2' this secret is sealed with is not configured: add it to VAULT_KEYS."
        )


def test_change_of_a_secret_under_the_same_key_id_is_refused(settings: Settings) -> None:
    sealed = seal_text(SECRET, binding=HERE)
    settings.VAULT_KEYS = (("k2", "t" * 40),)

    assert type(refusal(open_text, sealed)) is SecretNotOpened


def test_rewrap_secret_puts_it_under_the_newest_key_and_leaves_the_ciphertext(settings: Settings) -> None:
    sealed = seal_text(SECRET, binding=HERE)
    settings.VAULT_KEYS = (K3, K2)
    before = is_under_newest_key(sealed)

    moved = rewrap(sealed, binding=HERE)
    settings.VAULT_KEYS = (K3,)

    assert (before, is_under_newest_key(moved)) == (False, True)
    assert moved[:HEADER_BYTES] == b"\x01\x02k3"
    assert moved[WRAPPED_END:] == sealed[WRAPPED_END:]
    assert open_text(moved, binding=HERE) == SECRET
    assert type(refusal(open_text, moved, ELSEWHERE)) is SecretNotOpened


def test_rewrap_secret_under_the_newest_key_wraps_it_anew_harmlessly() -> None:
    sealed = seal_text(SECRET, binding=HERE)

    again = rewrap(sealed, binding=HERE)

    assert again[HEADER_BYTES:WRAPPED_END] != sealed[HEADER_BYTES:WRAPPED_END]
    assert is_under_newest_key(sealed)
    assert is_under_newest_key(again)
    assert open_text(again, binding=HERE) == SECRET


def test_rewrap_secret_to_a_key_with_a_longer_id_reads_and_opens(settings: Settings) -> None:
    sealed = seal_text(SECRET, binding=HERE)
    settings.VAULT_KEYS = (("k" * 16, "n" * 32), K2)

    moved = rewrap(sealed, binding=HERE)

    assert len(moved) == len(sealed) + 14
    assert open_text(moved, binding=HERE) == SECRET


# --- nothing slips out


def test_refuse_secret_shows_none_of_it_in_the_error(settings: Settings) -> None:
    sealed = seal_text(SECRET, binding=HERE)
    refused = [refusal(open_text, sealed, ELSEWHERE), refusal(open_text, flipped(sealed, -1))]
    settings.VAULT_KEYS = (K1,)
    refused += [refusal(open_text, sealed), refusal(open_text, SECRET.encode() * 9)]

    for error in refused:
        told = f"{error} {error!r} {error.args} {''.join(format_exception(error))}"
        for hidden in ("InvalidTag", "geheim", K1[1], K2[1], repr(sealed)):
            assert hidden not in told


def test_look_at_envelope_in_parts_shows_no_secret() -> None:
    parts = repr(envelope._read(seal_text(SECRET, binding=HERE)))

    assert not any(hidden in parts for hidden in (SECRET, K2[1], repr(key_of(K2[1]))))


class Breaking:
    """A cipher that fails in the middle of the work, on texts of this length."""

    fails_on = 32

    def __init__(self, key: bytes) -> None:
        self.cipher = AESGCM(key)

    @staticmethod
    def generate_key(bits: int) -> bytes:
        return b"d" * (bits // 8)

    def encrypt(self, nonce: bytes, text: bytes, associated: bytes) -> bytes:
        if len(text) == self.fails_on:
            raise ZeroDivisionError
        return self.cipher.encrypt(nonce, text, associated)

    def decrypt(self, nonce: bytes, text: bytes, associated: bytes) -> bytes:
        if len(text) == self.fails_on + 16:
            raise ZeroDivisionError
        return self.cipher.decrypt(nonce, text, associated)


def seal(_: bytes, *, binding: str) -> bytes:
    """Seal the secret; a door as the others are."""
    return seal_text(SECRET, binding=binding)


@pytest.mark.parametrize("door", [seal, open_text, rewrap])
@pytest.mark.parametrize("fails_on", [32, len(SECRET)])
def test_report_error_within_the_vault_hides_what_it_held(
    monkeypatch: pytest.MonkeyPatch, door: Door, fails_on: int
) -> None:
    """Django's error report, as mailed to administrators, shows the local variables of each frame."""
    sealed = seal_text(SECRET, binding=HERE)
    monkeypatch.setattr(envelope, "AESGCM", Breaking)
    monkeypatch.setattr(Breaking, "fails_on", fails_on)
    if door is rewrap:  # it never looks at the ciphertext
        monkeypatch.setattr(Breaking, "fails_on", 32)

    with pytest.raises(ZeroDivisionError) as broken:
        door(sealed, binding=HERE)

    frames = ExceptionReporter(None, broken.type, broken.value, broken.tb).get_traceback_frames()
    shown = [(frame["function"], frame["vars"]) for frame in frames if frame["filename"] != __file__]
    assert {"_encrypt", "_decrypt"} & {function for function, _ in shown}
    for hidden in ("geheim", K1[1], K2[1], "d" * 32, repr(key_of(K2[1]))[2:-1]):
        assert hidden not in repr(shown)

"""Keys: which are refused, and what a strict signature is."""

import copy
import pickle

import nacl.bindings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr import errors, trust

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
TWISTED = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")

SMALL_ORDER = {
    "order 1": (1).to_bytes(32, "little"),
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 4, negative": bytes(31) + b"\x80",
    "order 8": TWISTED,
    "order 8, negative": TWISTED[:-1] + bytes([TWISTED[-1] | 0x80]),
    "order 8, other": (PRIME - int.from_bytes(TWISTED, "little")).to_bytes(32, "little"),
}
NOT_CANONICAL = {
    "order 1 with a sign": (1).to_bytes(31, "little") + b"\x80",
    "zero written as p": PRIME.to_bytes(32, "little"),
    "one written as p + 1": (PRIME + 1).to_bytes(32, "little"),
    "all ones": b"\xff" * 32,
    "2^255 - 1": b"\xff" * 31 + b"\x7f",
}


def mixed_order() -> bytes:
    """A good key moved by the point of order 2: on the curve, canonical, and outside of the prime-order group."""
    good = trust.decode_public(trust.SigningKey(bytes(32)).public).raw
    return nacl.bindings.crypto_core_ed25519_add(good, SMALL_ORDER["order 2"])


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize("raw", [*SMALL_ORDER.values(), *NOT_CANONICAL.values()], ids=[*SMALL_ORDER, *NOT_CANONICAL])
def test_a_weak_key_is_refused(raw: bytes) -> None:
    with pytest.raises(errors.WeakKey):
        trust.decode_public(trust.encode_public(raw))


def test_a_key_outside_of_the_prime_order_group_is_refused() -> None:
    with pytest.raises(errors.WeakKey):
        trust.decode_public(trust.encode_public(mixed_order()))


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    with pytest.raises(errors.WeakKey):
        trust.decode_public(trust.encode_public((2).to_bytes(32, "little")))


@pytest.mark.parametrize(
    "multibase",
    [
        "",
        "z",
        "z6Mk",
        "zé",
        "z0OIl",
        "z" + "1" * 40,
        "z" + "z" * 60,
        "u6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",  # another base
        "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",  # another kind of key: X25519
    ],
)
def test_what_is_no_ed25519_key_is_refused(multibase: str) -> None:
    with pytest.raises(errors.WeakKey):
        trust.decode_public(multibase)


@pytest.mark.requirement("IDN-1")
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_what_a_key_signs_holds_under_its_public_part_and_no_other(seed: bytes, data: bytes) -> None:
    key = trust.SigningKey(seed)
    assert key.did == "did:key:" + key.public
    assert key.public.startswith("z6Mk")
    public = trust.decode_public(key.public)
    public.verify(data, key.sign(data))
    with pytest.raises(errors.BadSignature):
        public.verify(data + b"x", key.sign(data))
    with pytest.raises(errors.BadSignature):
        trust.decode_public(trust.SigningKey(bytes(32)).public).verify(data + b"x", key.sign(data))


@pytest.mark.requirement("SIG-5")
@given(st.binary(max_size=100))
def test_a_signature_with_the_order_added_to_s_is_refused(data: bytes) -> None:
    key = trust.SigningKey(bytes(range(32)))
    signature = key.sign(data)
    moved = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(errors.BadSignature):
        trust.decode_public(key.public).verify(data, signature[:32] + moved)


@pytest.mark.requirement("SIG-4")
@pytest.mark.parametrize("point", [*SMALL_ORDER.values(), *NOT_CANONICAL.values()], ids=[*SMALL_ORDER, *NOT_CANONICAL])
def test_a_signature_with_a_weak_r_is_refused(point: bytes) -> None:
    public = trust.decode_public(trust.SigningKey(bytes(32)).public)
    for s in (0, 1, ORDER - 1):
        with pytest.raises(errors.BadSignature):
            public.verify(b"said", point + s.to_bytes(32, "little"))


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize("public", SMALL_ORDER.values(), ids=SMALL_ORDER)
def test_no_forgery_holds_under_a_small_order_key_even_where_the_key_was_not_checked(public: bytes) -> None:
    forged = SMALL_ORDER["order 1"] + bytes(32)  # R = 0 and S = 0: 0 = 0 + h·A, for any message where h·A = 0
    for data in (b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h", b"i"):
        with pytest.raises(errors.BadSignature):
            trust.PublicKey(trust.SUITES[0], public).verify(data, forged)


@pytest.mark.requirement("SIG-6")
@pytest.mark.parametrize("signature", [b"", b"x", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(errors.BadSignature):
        trust.decode_public(trust.SigningKey(bytes(32)).public).verify(b"said", signature)


def test_a_key_does_not_show_its_secret() -> None:
    key = trust.SigningKey(b"secret seed of thirty-two bytes!")
    assert key.public in repr(key)
    assert "secret" not in repr(key)
    assert key.seed == b"secret seed of thirty-two bytes!"


def test_two_new_keys_differ() -> None:
    assert trust.SigningKey.generate().public != trust.SigningKey.generate().public


def test_what_is_sealed_is_unsealed_with_the_same_passphrase_alone() -> None:
    salt = bytes(trust.SALT_BYTES)
    key = trust.stretch("passphrase é", salt)
    sealed = trust.seal(b"secret", key)
    assert b"secret".hex() not in sealed
    assert sealed != trust.seal(b"secret", key)
    assert trust.unseal(sealed, trust.stretch("passphrase é", salt)) == b"secret"
    for other in (trust.stretch("passphrase e", salt), trust.stretch("passphrase é", b"1" * len(salt))):
        with pytest.raises(errors.KeyFileError):
            trust.unseal(sealed, other)


@pytest.mark.parametrize("box", ["", "00", "zz", "é", "00" * 60, "ff" * 24])
def test_a_damaged_box_is_refused(box: str) -> None:
    with pytest.raises(errors.KeyFileError):
        trust.unseal(box, bytes(32))


def test_a_box_of_which_one_bit_is_changed_is_refused() -> None:
    sealed = bytearray.fromhex(trust.seal(b"secret", bytes(32)))
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(errors.KeyFileError):
            trust.unseal(changed.hex(), bytes(32))


def test_a_private_key_is_not_pickled_or_copied() -> None:
    key = trust.SigningKey.generate()
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="stays in its key file"):
            away(key)

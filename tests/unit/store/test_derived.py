"""What is derived and yet kept: computed anew by rules of another number, in steps, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from opencmr.errors import StoreError
from opencmr.protocol import FOLDS, is_passing
from opencmr.protocol.families import FAMILIES
from opencmr.store import Kept, Peer, Rows, Status, Store, derived, schema
from opencmr.store.backends import Backend, open_backend

ME, NOW, LATER = "did:web:shop.example", "2026-07-01T12:00:00.000Z", "2026-07-02T12:00:00.000Z"
WORDS: dict[str, tuple[str, Status]] = {
    "asked": ("intent.cast", "entry"),
    "granted": ("consent.grant", "entry"),
    "refused": ("consent.grant", "refused"),
    "held": ("intent.cast", "held"),
}
"""What each of some customers has said, and what became of it."""


@pytest.fixture
def place(places: Callable[[str], str | Path]) -> str | Path:
    """A store whose flags are all wrong, as other rules might have set them; also of `empty`, who said nothing."""
    place = places("shop")
    with Store(place) as store:
        store.write_now(fill)
        store.write_now(lambda rows: [rows.change_peer(peer.number, kept=not came(peer)) for peer in rows.peers()])
        set_folds(store, FOLDS + 1, None)
    return place


def fill(rows: Rows) -> None:
    rows.add_peer(ME, "empty", opened=NOW, pinned={}, endpoint=None)
    for name, (type_, status) in WORDS.items():
        peer = rows.add_peer(ME, name, opened=NOW, pinned={}, endpoint=None)
        rows.add_message(
            peer.number, Kept("zQm" + name, 1, "customer", "urn:" + name, type_, "urn:t", b"", status, None, 1, LATER)
        )


def came(peer: Peer) -> bool:
    return peer.peer in ("granted", "held")


def set_folds(store: Store, number: int, through: int | None) -> None:
    store.write_now(lambda rows: rows.note_folds(number, through))


def peers(place: str | Path) -> dict[str, Peer]:
    """As they stand, with nothing brought forward."""
    with Store(place, read_only=True) as store:
        return {peer.peer: peer for peer in store.read(lambda rows: list(rows.peers()))}


def test_a_store_of_other_rules_is_computed_anew_when_it_is_opened(place: str | Path) -> None:
    assert not any(peer.kept is came(peer) for peer in peers(place).values())
    Store(place).close()
    found = peers(place)
    assert {name: peer.kept for name, peer in found.items() if name != "empty"} == {
        name: name in ("granted", "held") for name in WORDS
    }
    assert found["asked"].idle == LATER, "counted from the last word"
    with Store(place) as store:
        assert store.read(Rows.folds) == (FOLDS, None)


def test_a_store_of_these_rules_is_left_as_it_is(place: str | Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("opencmr.store.database.compute_anew", lambda read, write: None)
        with Store(place) as store:
            set_folds(store, FOLDS, None)
    before = peers(place)
    Store(place).close()
    assert peers(place) == before


def test_what_was_broken_off_is_gone_on_with(place: str | Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "AT_ONCE", 2)
    steps: list[bool] = []

    def dies(read: Any, write: Any) -> None:
        steps.append(write(derived._step))
        raise StoreError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("opencmr.store.database.compute_anew", dies)
        with pytest.raises(StoreError, match="killed"):
            Store(place)
    half = peers(place)
    assert steps == [False]
    assert [peer.kept is came(peer) for peer in half.values()][1:] == [True, False, False, False]
    Store(place).close()
    found = peers(place)
    assert all(peer.kept is came(peer) for name, peer in found.items() if name != "empty")
    assert found["asked"] == half["asked"], "what was done is not done again"


@pytest.mark.parametrize("how", ["DELETE FROM folds", "INSERT INTO folds (number) VALUES (7)"])
def test_a_store_that_does_not_say_by_which_rules_it_was_written_is_damaged(place: str | Path, how: str) -> None:
    backend = open_backend(place)
    with backend.transaction(writing=True) as connection:
        connection.execute(text(how))
    backend.close()
    with pytest.raises(StoreError, match="damaged"):
        Store(place)


def test_a_store_of_before_is_computed_anew_once_it_is_brought_forward(places: Callable[[str], str | Path]) -> None:
    place = places("old")
    backend: Backend = open_backend(place)
    with backend.transaction(writing=True) as connection:
        schema.migrate(connection, schema.HEAD)
    backend.close()
    with Store(place, read_only=True) as store:
        assert store.read(Rows.folds) == (0, None)
    with Store(place) as store:
        assert store.read(Rows.folds) == (FOLDS, None)


def test_a_rule_that_changes_what_is_derived_gets_a_new_number() -> None:
    """Where this fails, a rule was changed: raise `FOLDS` by one, and set down here what passes by it now."""
    passing = {
        side: sorted(type_ for family in FAMILIES.values() for type_ in family.passing.get(side, ()))
        for side in ("customer", "vendor")
    }
    assert (FOLDS, passing) == (2, {
        "customer": ["intent.amend", "intent.cast", "relationship.open", "terms.proffer"],
        "vendor": ["consent.request", "key.introduce", "offer.make", "order.cancel", "terms.counter", "terms.decline",
                   "terms.terminate"],
    })  # fmt: skip
    assert is_passing("intent.cast", "customer")

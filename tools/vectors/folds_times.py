"""Place times, and the time of every place: clocks that go back and forth, and dates that contradict each other; and
what is alike in word and time, where the evidence says which is the last."""

from typing import Any

from opencmr import trust

from .conversation import Body, Script, Word, item, terms, wish
from .folds import fold
from .folds_knowing import MARKETING, NOW, OF_THE_WISH
from .writing import Case

NEW_YEAR = "2027-01-01T00:00:00.000Z"
YESES = ("consent.grant", "offer.make")


def times_folds() -> list[Case]:
    return [*_unseen(), *_acknowledged(), *_contradicted(), *_permitted(), *_alike()]


def _case(id_: str, says: str, letters: str, steps: str, **thought: Any) -> Case:
    """A wish, and what follows it. A step a word, and hours and minutes of its date.

    `V12:05` is an offer of the vendor's. `C12:05+12:06/2` is an amendment dated 12:05 that has seen place 2, and its
    receipt dated 12:06; without the last part it has seen all.
    """
    rules = thought.pop("rules", "SEQ-22 SEQ-18")
    return fold(id_, says, rules, letters, thought.pop("state", "open"), lambda t: _spoken(t, steps), **thought)


def _unseen() -> list[Case]:
    return [
        _case("clock-forward", "Nobody has seen any: each place has its date", "aaa", "C12:00+12:01 V12:05 V12:07",
              at=["12:01:00", "12:05:00", "12:07:00"], times=["12:01:00", "12:05:00", "12:07:00"]),
        _case("clock-equal", "Equal dates are allowed", "aaa", "C12:00+12:01 V12:01 V12:01",
              at=["12:01:00"] * 3, times=["12:01:00"] * 3),
        _case("clock-back", "A later word with an earlier date: nobody has seen the one before, so it comes down",
              "aaa", "C12:00+12:01 V12:05 V12:03", at=["12:01:00", "12:05:00", "12:03:00"],
              times=["12:01:00", "12:03:00", "12:03:00"]),
        _case("clock-back-to-before-all", "Earlier than all", "aaaa", "C12:00+12:01 V12:05 V12:03 V11:00",
              at=["12:01:00", "12:05:00", "12:03:00", "11:00:00"], times=["11:00:00"] * 4),
        _case("clock-back-and-forth", "Back, and forth again", "aaaaa", "C12:00+12:01 V12:09 V12:03 V12:08 V12:05",
              at=["12:01:00", "12:09:00", "12:03:00", "12:08:00", "12:05:00"],
              times=["12:01:00", "12:03:00", "12:03:00", "12:05:00", "12:05:00"]),
        _case("clock-far-ahead", "One date far ahead, taken back by the next word", "aaa",
              "C12:00+12:01 V18:00 V12:03", at=["12:01:00", "18:00:00", "12:03:00"],
              times=["12:01:00", "12:03:00", "12:03:00"]),
    ]  # fmt: skip


def _acknowledged() -> list[Case]:
    return [
        _case("acknowledged", "What a customer's word has seen stands, whatever is said later", "aaaa",
              "C12:00+12:01 V12:05 C12:06+12:06 V12:02", at=["12:01:00", "12:05:00", "12:06:00", "12:05:00"],
              times=["12:01:00", "12:05:00", "12:05:00", "12:05:00"]),
        _case("acknowledged-in-part", "Up to what was seen, and no further", "aaaar",
              "C12:00+12:01 V12:05 V12:09 V12:04 C12:06+12:06/2", at=["12:01:00", "12:05:00", "12:09:00",
                                                                      "12:04:00", "12:06:00"],
              times=["12:01:00", "12:05:00", "12:05:00", "12:05:00", "12:06:00"]),
        _case("acknowledged-and-refused", "A refused word acknowledges as well as any", "aaara",
              "C12:00+12:01 V12:05 V12:09 C12:06+12:06/2 V12:02",
              at=["12:01:00", "12:05:00", "12:09:00", "12:06:00", "12:05:00"],
              times=["12:01:00", "12:05:00", "12:05:00", "12:05:00", "12:05:00"]),
        _case("acknowledging-place-itself", "The place of the word that acknowledges is not bound by it yet", "aaa",
              "C12:00+12:01 V12:05 C12:06+12:02", at=["12:01:00", "12:05:00", "12:02:00"],
              times=["12:01:00", "12:05:00", "12:05:00"]),
        _case("acknowledged-once", "The first to acknowledge counts: a later one changes nothing", "aaaaaa",
              "C12:00+12:01 V12:05 C12:06+12:06 V12:02 C12:07+12:07 V12:01",
              at=["12:01:00", "12:05:00", "12:06:00", "12:05:00", "12:07:00", "12:05:00"],
              times=["12:01:00", "12:05:00", "12:05:00", "12:05:00", "12:05:00", "12:05:00"]),
        _case("acknowledged-low", "A date ahead that came down before it was seen stays down", "aaaa",
              "C12:00+12:01 V18:00 V12:03 C12:04+12:04", at=["12:01:00", "18:00:00", "12:03:00", "12:04:00"],
              times=["12:01:00", "12:03:00", "12:03:00", "12:04:00"]),
        _case("unacknowledged-by-a-receipt", "A receipt acknowledges nothing: the vendor gave it itself", "aaa",
              "C12:00+12:01 C12:02+12:09/0 V12:03", at=["12:01:00", "12:09:00", "12:03:00"],
              times=["12:01:00", "12:03:00", "12:03:00"]),
        _case("right-again", "A wrong date moves what nobody has acknowledged, and the next right word is right again",
              "aaaaa", "C12:00+12:01 V12:05 C12:06+12:06 V09:00 V12:08",
              at=["12:01:00", "12:05:00", "12:06:00", "12:05:00", "12:08:00"],
              times=["12:01:00", "12:05:00", "12:05:00", "12:05:00", "12:08:00"]),
    ]  # fmt: skip


def _contradicted() -> list[Case]:
    return [
        _case("five-minutes-before", "Dated five minutes before what it has seen: it acknowledges", "aaaa",
              "C12:00+12:01 V12:10 C12:05+12:10 V12:02", times=["12:01:00", "12:10:00", "12:10:00", "12:10:00"],
              disputes=[]),
        _case("over-five-minutes-before", "A millisecond more: it acknowledges nothing, and contradicts nothing",
              "aaaa", "C12:00+12:01 V12:10:00.001 C12:05+12:10 V12:02",
              times=["12:01:00", "12:02:00", "12:02:00", "12:02:00"], disputes=[]),
        _case("ten-minutes-before", "Ten minutes before: no contradiction yet", "aaa",
              "C12:00+12:01 V12:20 C12:10+12:20", times=["12:01:00", "12:20:00", "12:20:00"], disputes=[],
              rules="SEQ-24"),
        _case("contradiction", "A millisecond more: both dates can't be right. The order stays as it is", "aaa",
              "C12:00+12:01 V12:20:00.001 C12:10+12:21", disputes=[2], rules="SEQ-24 SEQ-18",
              times=["12:01:00", "12:20:00", "12:21:00"]),
        _case("contradiction-bounds-nothing", "It bounds nothing: the next word that fits does", "aaaaa",
              "C12:00+12:01 V18:00 C12:04+12:04 V12:05 C12:06+12:06", disputes=[2], rules="SEQ-24 SEQ-22",
              times=["12:01:00", "12:04:00", "12:04:00", "12:05:00", "12:06:00"]),
        _case("contradiction-by-the-customer", "A customer dates their word long ago: the vendor's dates stand",
              "aaaa", "C12:00+12:01 V12:05 C09:00+12:06 V12:07", disputes=[2], rules="SEQ-24 SEQ-22",
              times=["12:01:00", "12:05:00", "12:06:00", "12:07:00"]),
        _case("contradiction-twice", "Each word that contradicts is told", "aaaa",
              "C12:00+12:01 V18:00 C12:04+12:04 C12:05+12:05/2", disputes=[2, 2], rules="SEQ-24",
              times=["12:01:00", "12:04:00", "12:04:00", "12:05:00"]),
        _case("contradiction-of-a-stale-word", "A refused word contradicts as well as any", "aaar",
              "C12:00+12:01 V18:00 V12:05 C12:06+12:06/2", disputes=[2], rules="SEQ-24",
              times=["12:01:00", "12:05:00", "12:05:00", "12:06:00"]),
        _case("later-than-seen", "A date after what was seen contradicts nothing, however far", "aaa",
              "C12:00+12:01 V12:02 C18:00+12:03", disputes=[], rules="SEQ-24",
              times=["12:01:00", "12:02:00", "12:03:00"]),
        _case("dated-days-ago", "Said on a plane, delivered days later: it has seen what it had seen then", "aa",
              "C12:00+12:01 C12:02+18:00", disputes=[], rules="SEQ-24", times=["12:01:00", "18:00:00"]),
    ]  # fmt: skip


def _permitted() -> list[Case]:
    def at(time: str) -> Body:
        return {"at": f"2026-03-01T{time}:00.000Z"}

    return [
        fold("permitted-from-its-place", "A permission runs from the time of its place", "SEQ-22", "a", "given",
             lambda t: _given(t, "12:05", "12:06"), asks=[(MARKETING, at("12:05"), "deny no-word"),
                                                          (MARKETING, at("12:06"), "permit consent")]),
        fold("permitted-not-before-its-date", "A receipt dated before the word: not earlier than its date less five "
             "minutes", "SEQ-23", "a", "given", lambda t: _given(t, "12:10", "11:00"), times=["11:00:00"],
             asks=[(MARKETING, at("12:04"), "deny no-word"), (MARKETING, at("12:05"), "permit consent")]),
        fold("permitted-within-two-clocks", "Within five minutes two clocks may differ", "SEQ-23", "a", "given",
             lambda t: _given(t, "12:10", "12:07"), asks=[(MARKETING, at("12:06"), "deny no-word"),
                                                          (MARKETING, at("12:07"), "permit consent")]),
        fold("withdrawn-from-its-place", "And ends at the time of the withdrawal's", "SEQ-22", "aa", "withdrawn",
             lambda t: _taken_back(t, "12:20"), times=["12:06:00", "12:20:00"],
             asks=[(MARKETING, at("12:19"), "permit consent"), (MARKETING, at("12:20"), "deny withdrawn"),
                   (MARKETING, NOW, "deny withdrawn")]),
        fold("withdrawn-by-every-word-held", "A withdrawal whose receipt is dated far ahead denies now: asked about "
             "now, every word counts", "SEQ-22 SEQ-18", "aa", "withdrawn", lambda t: _taken_back(t, "23:00"),
             asks=[(MARKETING, at("18:00"), "permit consent"), (MARKETING, NOW, "deny withdrawn")]),
        fold("withdrawn-by-a-clock-gone-back", "A withdrawal's receipt dated before the grant's: then the grant's time "
             "comes down too, and never permitted", "SEQ-22 SEQ-18", "aa", "withdrawn",
             lambda t: _taken_back(t, "11:00", seen=False), times=["11:00:00", "11:00:00"],
             asks=[(MARKETING, at("12:30"), "deny withdrawn"), (MARKETING, NOW, "deny withdrawn")]),
    ]  # fmt: skip


def _alike() -> list[Case]:
    """The last is neither the first nor the last that was said, so that no order of gathering hits it."""
    cases = [
        fold("alike-noes", "One withdrawal takes back three grants: the greatest evidence is given", "DEC-16",
             "aaaa", "withdrawn", _three_taken_back, asks=[(MARKETING, NOW, "deny withdrawn")]),
        fold("alike-offers", "Three offers of one date under one wish, which was withdrawn: the greatest evidence is "
             "given", "DEC-16", "aaaaa", "withdrawn", _three_offers, asks=[(OF_THE_WISH, NOW, "deny agreement-ended")]),
    ]  # fmt: skip
    for made in cases:
        first, _, last = [
            trust.digest(trust.canonicalize(message)) for message in made["words"] if message["type"] in YESES
        ]
        assert not any({first, last} & {*ask["evidence"]} for ask in made["asks"]), f"{made['id']}: take another id"
    return cases


def _three_taken_back(t: Script) -> Word:
    granted = t.grant(None, item("news"))
    for key in ("calls", "post"):
        t.grant(granted, item(key), body={"statement": "You may."})
    return t.withdraw(granted)


def _three_offers(t: Script) -> Word:
    wished = t.cast("SD-BASE-A")
    for _ in range(3):
        t.offer(wished, body={"under": terms("SD-BASE-A")}, created="2026-03-01T12:02:00.000Z")
    t.say("intent.withdraw", {}, wished.thread)
    return wished


def _spoken(t: Script, steps: str) -> Word:
    word: Word | None = None
    for step in steps.split():
        dates, _, seen = step[1:].partition("/")
        created, _, answered = dates.partition("+")
        t.now = _instant(created)
        if step[0] == "V":
            assert word is not None
            t.place(_offer(t, word))
            continue
        more: Body = {"seen": t.at(int(seen)) if seen != "0" else None} if seen else {}
        made = t.word("intent.amend" if word else "intent.cast", wish(), word.thread if word else None, **more)
        word = t.place(made, at=_instant(answered))
    assert word is not None
    return word


def _offer(t: Script, word: Word) -> Word:
    body = {
        "lines": [{"name": "Boots", "price": {"amount": "100.00", "currency": "EUR"}}],
        "total": {"amount": "100.00", "currency": "EUR"},
        "under": word.message["body"]["terms"][0],
    }
    return t.word("offer.make", body, word.thread, expires="2026-03-03T12:00:00.000Z")


def _instant(time: str) -> str:
    hours, minutes, *seconds = time.split(":")
    return f"2026-03-01T{hours}:{minutes}:{seconds[0] if seconds else '00.000'}Z"


def _given(t: Script, created: str, answered: str) -> Word:
    t.now = _instant(created)
    body = {"items": [item("news")], "until": NEW_YEAR, "statement": "You may write to me about shoes."}
    return t.place(t.word("consent.grant", body), at=_instant(answered))


def _taken_back(t: Script, answered: str, *, seen: bool = True) -> Word:
    granted = _given(t, "12:05", "12:06")
    t.later(minutes=5)
    more: Body = {} if seen else {"seen": None}
    return t.place(t.word("consent.withdraw", {}, granted.thread, **more), at=_instant(answered))

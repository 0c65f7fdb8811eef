"""Do the properties bite? Each rule of the core that is broken here on purpose is missed by one of them."""

from collections.abc import Callable

import pytest

from opencmr.protocol import binding, history
from opencmr.protocol.chain import Chain
from opencmr.protocol.families import terms
from opencmr.protocol.families.consent import Beside
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.history import History
from opencmr.protocol.said import Knowledge
from opencmr.protocol.thread import Thread
from properties.accusations import play_accusations
from properties.acknowledged import play_acknowledged
from properties.order import play_order
from properties.play import Failure, first
from properties.restores import play_restores

Patch = pytest.MonkeyPatch
CONVERSATIONS = 1500


def _what_a_word_knew_is_ignored(patch: Patch) -> None:
    patch.setattr(Knowledge, "lacks", lambda self, places: False)
    patch.setattr(Knowledge, "knows", lambda self, place: True)


def _a_yes_lifts_what_it_does_not_know(patch: Patch) -> None:
    patch.setattr(Knowledge, "lacks", lambda self, places: False)


def _stale_words_count(patch: Patch) -> None:
    patch.setattr(Thread, "missed", lambda self, said: [])


def _old_proffers_replace_later_terms(patch: Patch) -> None:
    patch.setattr(terms, "superseded", lambda context, own, scope: None)
    patch.setattr(binding, "_too_late", lambda in_order: set())


def _a_no_without_a_place_is_ignored(patch: Patch) -> None:
    patch.setattr(History, "hear", lambda self, message, digest: None)


def _a_no_takes_back_only_what_stands(patch: Patch) -> None:
    patch.setattr(Beside, "take", lambda self, said, outcome: self)


def _a_no_that_is_refused_is_ignored(patch: Patch) -> None:
    patch.setattr(history, "is_narrowing", lambda type_, side: False)


def _a_cancelled_order_leaves_the_wish(patch: Patch) -> None:
    right = Dealing.take

    def take(self, said, to, context):  # type: ignore[no-untyped-def]
        early = said.message.type == "order.cancel" and self.state == "open"
        return self if early else right(self, said, to, context)

    patch.setattr(Dealing, "take", take)


def _times_are_never_settled(patch: Patch) -> None:
    patch.setattr(Chain, "_settle", lambda self, seen: None)
    patch.setattr(Chain, "acknowledged", property(_acknowledged))


def _acknowledged(chain: Chain) -> int:
    return max((knows.seen for _, knows in chain._placed.values()), default=0)


def _a_vendor_does_not_notice_what_it_lost(patch: Patch) -> None:
    patch.setattr(Chain, "lacks", lambda self, seen: False)


def _the_two_sides_judge_by_other_dates(patch: Patch) -> None:
    right = History.placing

    def placing(self, message, digest, created):  # type: ignore[no-untyped-def]
        return right(self, message, digest, "2027" + created[4:] if self.mine else created)

    patch.setattr(History, "placing", placing)


@pytest.mark.parametrize(
    ("mutate", "play"),
    [
        (_what_a_word_knew_is_ignored, play_order),
        (_a_yes_lifts_what_it_does_not_know, play_order),
        (_stale_words_count, play_order),
        (_old_proffers_replace_later_terms, play_order),
        (_a_no_without_a_place_is_ignored, play_order),
        (_a_no_takes_back_only_what_stands, play_order),
        (_a_no_that_is_refused_is_ignored, play_order),
        (_a_cancelled_order_leaves_the_wish, play_order),
        (_times_are_never_settled, play_acknowledged),
        (_a_vendor_does_not_notice_what_it_lost, play_restores),
        (_the_two_sides_judge_by_other_dates, play_accusations),
    ],
)
def test_a_rule_that_is_broken_is_missed(
    mutate: Callable[[Patch], None], play: Callable[[int], Failure | None], monkeypatch: Patch
) -> None:
    mutate(monkeypatch)
    assert first(play, range(CONVERSATIONS)) is not None

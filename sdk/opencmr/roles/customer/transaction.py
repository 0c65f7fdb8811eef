"""Operations on one relationship of a customer, each inside one transaction of the store.

The customer's messages are pending until they have a receipt. Each of the vendor's takes the place that its number
gives it. A receipt is not just believed: the wallet settles its own messages by the same rules as the vendor.
"""

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

from ..._log import tell
from ...errors import BadSignature, Behind, Problem, Refused, StoreError, UnknownReference, UsageError, WrongKey
from ...messages import Message, core
from ...messages.types import Side
from ...protocol import History, Verified, is_narrowing
from ...protocol.chain import CONTRADICTION
from ...protocol.clock import shifted
from ...protocol.families import FAMILIES
from ...protocol.lifecycle import family_of
from ...protocol.receiving import check_place
from ...protocol.speakers import introduced_by
from ...protocol.thread import Thread, opened_by, tells_of_erasure
from ...store import Kept, Noticed, Peer, Rows, Status
from ..party.histories import Histories, read
from ..party.signing import Draft, Link, Signer
from .arrived import Arrived
from .handing_back import handed_back
from .moving import by_keys_that_count, go_on_as, move_under_way, strange_key
from .placing import answers, following, later, path_to, settled
from .quota import DEFAULT, Checked, Intake, Quota

_log = logging.getLogger("opencmr.customer")
WRONG = ("conflict", "answered-twice", "other-outcome", "other-state")
"""Codes of findings that show a vendor's fault; other findings accuse nobody."""
RESTORED = "this wallet was put back from a copy: first collect what was said since (unmute, where it is muted)"


class Transactions:
    """What is done in one relationship of a customer: each method works on the rows of one transaction.

    Args:
        signers: Who signs under a DID of this relationship; no other has these keys.
        number: The relationship's, in the store.
        histories: What folds.
        quota: How much the vendor may leave here.
    """

    def __init__(
        self, signers: Callable[[str], Signer], number: int, histories: Histories, quota: Quota = DEFAULT
    ) -> None:
        self.signers = signers
        self.number = number
        self.histories = histories
        self.quota = quota

    def peer(self, rows: Rows) -> Peer:
        """The relationship's row."""
        peer = rows.peer_by_number(self.number)
        if peer is None:
            raise StoreError(f"relationship {self.number} is gone from the store")
        if not peer.peer:
            raise UsageError(f"the relationship of {peer.me} was forgotten; `meet` begins another")
        return peer

    def history(self, rows: Rows) -> History:
        """The relationship as far as it is known here."""
        return self.histories.history(rows, self.peer(rows))

    # Saying

    def parties(self, rows: Rows) -> tuple[Peer, list[str]]:
        """The relationship's row, and other DIDs under which the customer has spoken in it, or is about to."""
        return self.peer(rows), rows.dids(self.number)

    def say(
        self,
        rows: Rows,
        draft: Draft,
        thread_id: str | None,
        now: str,
        *,
        check: bool = True,
        under: str | None = None,
    ) -> Verified:
        """Write a message, sign it, and keep it until it is answered.

        Args:
            rows: The transaction.
            draft: What is said.
            thread_id: The thread that it goes on; absent: it opens one.
            now: The time.
            check: Refuse here already what the vendor would have to refuse.
            under: The DID under which the customer goes on by it; absent: it is said under the one of now.

        Raises:
            Problem: The thread does not allow it, as far as it is known here.
            UsageError: A move waits for its receipt, and this is no no.
        """
        history = self.histories.draft(rows, peer := self.peer(rows))
        thread = history.threads.get(thread_id) if thread_id else None
        pending = self.pending(rows)
        waiting = [kept for kept in pending if kept.thread == thread_id]
        narrowing = is_narrowing(draft.body.type, "customer")
        if not narrowing and move_under_way(pending) is not None:
            raise UsageError("the move to another key has no receipt yet; until then only a no can be said: sync first")
        if under is not None:
            rows.add_did(self.number, under)
        # A no can be said into a thread that is known by its id alone: this store may be an older copy.
        if thread_id is not None and thread is None and not waiting and not narrowing:
            raise UnknownReference(f"no thread {thread_id}", pointer="/thread")
        if peer.restored and not narrowing and under is None:  # a move permits nothing, and must not wait
            raise UsageError(RESTORED)
        link = Link(prior=rows.last_said(self.number, "customer"), seen=history.chain.tip)
        verified = self.signers(under or peer.me).write(draft, to=peer.peer, at=now, thread=thread_id, link=link)
        if check:
            check_place(verified.message)
        # What is disclosed too early cannot be taken back, so no receipt that may still come is counted on (ORD-1).
        if check and not narrowing and (not waiting or _settled_first(draft.body.type)):
            said = history.placing(verified.message, verified.digest, now)
            (thread or opened_by(said.message)).judge(said, history)
        self._add(rows, verified, "customer", "pending")
        history.hear(verified.message, verified.digest)
        self.histories.publish(rows, peer.number, history)
        return verified

    def give_up(self, rows: Rows, digest: str) -> None:
        """Send a message no more: the same bytes will never be accepted. A receipt that still arrives counts."""
        peer = self.peer(rows)
        history = self.histories.draft(rows, peer)
        rows.change_message(self.number, digest, status="refused")
        history.unhear(digest)
        self.histories.publish(rows, self.number, history)

    def pending(self, rows: Rows) -> list[Kept]:
        """The messages that have no place yet, in the order in which they were said."""
        return rows.with_status(self.number, "pending")

    def refusal(self, rows: Rows, digest: str) -> Refused | None:
        """The signed receipt that refuses a message of ours, if there is one."""
        receipt = rows.receipt_of(self.number, digest, "vendor")
        return _refusal(receipt) if receipt is not None else None

    # Collecting

    def has_receipt(self, rows: Rows, digest: str) -> bool:
        """Whether a receipt of the vendor's is held for a message of ours, whether it has its place or waits for it."""
        receipt = rows.receipt_of(self.number, digest, "vendor")
        return receipt is not None and receipt.status in ("receipt", "waiting")

    def room(self, rows: Rows) -> int:
        """Bytes that the vendor may still leave here: none where the relationship is muted."""
        return 0 if rows.muted(self.number) else self.quota.relationship - rows.size(self.number)

    def collect(
        self, rows: Rows, wait: int, now: str, *, receipts: bool = True, under: str | None = None
    ) -> tuple[bytes, list[str]]:
        """A signed `mailbox.collect`, and the digests of the receipts that it brings, if it brings any.

        `under` is the DID under which it is asked; absent: that of now, or of a move that the vendor has answered.
        """
        peer = self.peer(rows)
        unsent = rows.with_status(self.number, "unsent")[: core.MOST_RECEIPTS] if receipts else []
        bringing = [core.ReceiptMessage.model_validate(read(kept)[0].wire(), by_alias=True) for kept in unsent]
        body = core.Collect(limit=100, wait=wait or None, receipts=bringing or None)
        link = Link(seen=self.history(rows).chain.tip)
        signer = self.signers(under or self._collects_as(rows, peer))
        return signer.write(Draft(body), to=peer.peer, at=now, link=link).raw, [kept.digest for kept in unsent]

    def _collects_as(self, rows: Rows, peer: Peer) -> str:
        """Under which DID mail is collected: that of a move once the vendor has answered it."""
        pending = self.pending(rows)
        move = move_under_way(kept for kept in pending if self.has_receipt(rows, kept.digest))
        return move.from_ if move is not None else peer.me

    def collected(
        self, rows: Rows, words: Sequence[Checked], receipts: Iterable[str], now: str, *, more: bool
    ) -> Arrived:
        """Take in what a collect brought. If there is no more, a wallet that was put back knows what it has said."""
        arrived = self.take_in(rows, words, now, collected=True, receipts=receipts)
        if not more and self.peer(rows).restored:
            rows.change_peer(self.number, restored=False)
        return arrived

    def handed_back(self, rows: Rows, behind: Behind) -> Iterator[tuple[str, list[bytes]]]:
        """The vendor's own words that it lacks: see `handing_back`."""
        return handed_back(rows, self.number, self.history(rows).chain, behind)

    # Taking in

    def take_in(
        self,
        rows: Rows,
        words: Iterable[Checked],
        now: str,
        *,
        collected: bool = False,
        receipts: Iterable[str] = (),
    ) -> Arrived:
        """Take in signed answers: receipts, and what the vendor says. In any order, any number of times.

        Messages for which there is no room (`quota`) are left out and not acknowledged, so they come again.

        Args:
            rows: The transaction.
            words: Messages, checked.
            now: The time.
            collected: Whether they are the answer to a collect, and so the vendor's chain as it stands.
            receipts: Digests of the receipts of ours that the collect brought.
        """
        peer, arrived = self.peer(rows), Arrived()
        history = self.histories.draft(rows, peer)  # first: once something is changed, it would be folded anew
        for digest in receipts:
            rows.change_message(self.number, digest, status="receipt")
        last = (0, "")
        new: dict[str, Verified] = {}
        for word in words:
            known = rows.message(self.number, word.digest) if word.digest is not None else None
            if known is not None and known.side == "vendor":
                last = later(last, (known.place or 0, known.digest))
            if known is not None and known.status != "forked":
                self._heard_again(known, arrived)
            elif isinstance(word.found, Problem):
                if collected and isinstance(word.found, WrongKey | BadSignature):
                    arrived.noticed.append(strange_key(word.found, now))
                code, rule = word.found.code, word.found.rule
                tell(_log, logging.WARNING, "answer.passed-over", vendor=peer.peer, code=code, rule=rule)
                arrived.passed_over.append(word.found)
            elif word.found.message.side == "customer":
                self._came_back(rows, history, word.found, arrived, now)
            elif known is None:
                new[word.found.digest] = word.found
            elif known.of is not None:
                arrived.answered.add(known.of)
        for verified in self._intake(rows, history).admitted(new.values()) if new else ():
            self._keep(rows, verified, arrived)
            last = later(last, (verified.message.number or 0, verified.digest))
        path = path_to(last[1], rows, self.number, history) if collected else {}
        if path and self._goes_over(rows, history, path, arrived, now):
            history = self.histories.replay(rows, peer)
        before = history.chain.next
        self._place(rows, peer, history, arrived, now, new, path, collected=collected)
        arrived.moved = history.chain.next > before
        if history.customer not in (None, peer.me):
            go_on_as(rows, self.number, history, self.signers, str(history.customer), now)
        rows.add_findings(self.number, arrived.noticed)
        for noticed in arrived.noticed:
            if noticed.code in WRONG:
                tell(_log, logging.ERROR, "vendor.misconduct", vendor=peer.peer, code=noticed.code)
        self.histories.publish(rows, peer.number, history)
        return arrived

    def _intake(self, rows: Rows, history: History) -> Intake:
        def waits(digest: str) -> bool:
            kept = rows.message(self.number, digest)
            ours = kept is not None and kept.side == "customer" and kept.status == "pending"
            return ours and not self.has_receipt(rows, digest)

        waiting, room = rows.with_status(self.number, "waiting"), self.room(rows)
        return Intake(history.chain.next, history.chain.tip, room, len(waiting), waits,
                      lambda digest: rows.message(self.number, digest) is not None)  # fmt: skip

    def _came_back(self, rows: Rows, history: History, verified: Verified, arrived: Arrived, now: str) -> None:
        """Take a word of ours that this store lacks, being an older copy. A no counts at once."""
        self._add(rows, verified, "customer", "pending")
        history.hear(verified.message, verified.digest)
        who = "another copy of this wallet, or by somebody else who has its key"
        why = f"{verified.message.type} {verified.digest} was said by {who}"
        arrived.noticed.append(Noticed("restored", why, (verified.digest,), now))

    def _keep(self, rows: Rows, verified: Verified, arrived: Arrived) -> None:
        message = verified.message
        receipt = message.type == core.Receipt.type and verified.fault is None
        of = message.body.of if receipt else None
        if of is not None:
            arrived.answered.add(of)
        self._add(rows, verified, "vendor", "waiting", of=of, place=message.number, at=message.created)

    def _heard_again(self, known: Kept, arrived: Arrived) -> None:
        """Tell again what came before by another way; it changes nothing."""
        if known.status in ("receipt", "waiting") and known.side == "vendor" and known.of is not None:
            arrived.answered.add(known.of)
            if known.status == "receipt" and (refused := _refusal(known)) is not None:
                arrived.refusals[known.of] = refused

    # The chain

    def _place(
        self,
        rows: Rows,
        peer: Peer,
        history: History,
        arrived: Arrived,
        now: str,
        new: dict[str, Verified],
        path: Container[str],
        *,
        collected: bool,
    ) -> None:
        """Give every word of the vendor's its place that goes on from the last. What is new need not be read again.

        Where one on the path of the vendor's last word is next, no other is taken, not even while it has to wait.
        """
        waiting: dict[int, list[Kept]] = {}
        for kept in rows.with_status(self.number, "waiting"):
            waiting.setdefault(kept.place or 0, []).append(kept)
        while words := by_keys_that_count(rows, peer, history, following(waiting, history, path), new, arrived, now):
            tried = words[:1] if words[0].digest in path else words
            taken = next(
                (each for each in tried if self._take_place(rows, peer, history, each, arrived, now, new)), None
            )
            if taken is None:  # a word of ours that it answers is not here: it comes before it in the mailbox
                if collected:
                    why = f"the vendor answers {words[0].of}, which is not here, and does not give it back"
                    arrived.noticed.append(Noticed("answers-nothing", why, (words[0].digest,), now))
                break
            for other in words:
                if other is not taken:
                    self._split(rows, history, other, arrived, now)
        for place, rest in waiting.items():
            for kept in rest:
                if place < history.chain.next and history.chain.number(kept.digest) is None:
                    self._split(rows, history, kept, arrived, now)

    def _take_place(
        self,
        rows: Rows,
        peer: Peer,
        history: History,
        kept: Kept,
        arrived: Arrived,
        now: str,
        new: dict[str, Verified],
    ) -> bool:
        word = new.get(kept.digest)
        message, fault = (word.message, word.fault) if word is not None else read(kept)
        ours = rows.message(self.number, kept.of) if kept.of is not None else None
        if kept.of is not None and ours is None:
            return False
        if ours is not None and not answers(message, ours):
            rows.change_message(self.number, kept.digest, of=None)
            ours = None
        first = history.chain.word_of(message.id)
        if first is not None:
            words = (first, kept.digest)
            arrived.noticed.append(Noticed("conflict", f"two words of one id, {message.id}", words, now))
        disputed = len(history.chain.disputes)
        if ours is not None and fault is None:
            self._answered(rows, history, message, kept, ours, arrived, now)
        else:
            thread, why_void = history.follow(message, kept.digest, fault=fault)
            if why_void is None and (keys := introduced_by(message)):
                rows.pin(self.number, keys)
            receipt = message.type == core.Receipt.type
            rows.change_message(self.number, kept.digest, status="receipt" if receipt else "entry")
            if thread is not None:
                arrived.entries.append(kept.digest)
                self._give_receipt(rows, peer, history, thread, kept, why_void, now)
        for dispute in history.chain.disputes[disputed:]:
            words = (history.chain.digests[dispute.place - 1], dispute.word)
            why = f"dated {dispute.says}; what had seen it is dated {dispute.created}. One of two clocks was wrong"
            arrived.noticed.append(Noticed("disputed", why, words, now))
        if message.created > shifted(now, CONTRADICTION):
            # A date orders nothing, so it harms nothing; but whoever reads it wants to know.
            why = f"{message.type} is dated {message.created}, and this machine's clock shows {now}: look at it"
            arrived.noticed.append(Noticed("date-ahead", why, (kept.digest,), now))
        return True

    def _answered(
        self, rows: Rows, history: History, message: Message[Any], kept: Kept, ours: Kept, arrived: Arrived, now: str
    ) -> None:
        """A receipt for a word of ours gives it its place; what it says of it is compared with what the rules say."""
        of, body = read(ours)[0], message.body
        again = history.chain.place_of(ours.digest) is not None
        probe = None if again else settled(history, of, ours.digest, message.created)
        thread, void = history.follow(message, kept.digest, of=of)
        rows.change_message(self.number, kept.digest, status="receipt")
        words = (kept.digest, ours.digest)
        if again:
            arrived.noticed.append(Noticed("answered-twice", f"two receipts for {ours.digest}", words, now))
            return
        status: Status = "refused" if thread is None else "entry"
        rows.change_message(self.number, ours.digest, status=status, place=message.number, at=message.created)
        if body.outcome == "refused":
            refused = arrived.refusals[ours.digest] = Refused(_problem(body), kept.raw)
            if (thread is not None or probe is None) and not tells_of_erasure(body):
                why = f"the vendor refused {ours.type} {ours.digest} against the rules: {refused}"
                arrived.noticed.append(Noticed("other-outcome", why, words, now))
            return
        right = ("void", None) if void else (thread.entries[-1].outcome, thread.state) if thread else ("refused", None)
        if (body.outcome, body.state) != right and not tells_of_erasure(body):
            code = "other-state" if body.outcome == right[0] else "other-outcome"
            rules = f"{right[0]}, {right[1]}" if right[1] else f"{right[0]}: {void}"
            why = f"the vendor says {body.outcome}, {body.state} of {ours.type} {ours.digest}; by the rules: {rules}"
            arrived.noticed.append(Noticed(code, why, words, now))

    def _split(self, rows: Rows, history: History, kept: Kept, arrived: Arrived, now: str) -> None:
        """Note another word with a number that is taken."""
        rows.change_message(self.number, kept.digest, status="forked")
        place = kept.place or 0
        there = history.chain.digests[place - 1] if 0 < place < history.chain.next else str(history.chain.tip)
        why = f"two words of number {place}: the vendor was restored, or says different things"
        arrived.noticed.append(Noticed("split", why, (there, kept.digest), now))

    def _goes_over(self, rows: Rows, history: History, path: dict[str, str | None], arrived: Arrived, now: str) -> bool:
        """Change to the vendor's chain as it stands, where its path continues from an earlier place than ours.

        Own messages whose place was only on the branch that is left are sent again; the no-words among them deny
        meanwhile.
        """
        first, prior = next(reversed(path.items()))
        fork = history.chain.number(prior) or 0
        if fork == history.chain.next - 1:  # it goes on from where we are, perhaps over what we had left before
            for each in path:
                if (known := rows.message(self.number, each)) is not None and known.status == "forked":
                    rows.change_message(self.number, each, status="waiting")
            return False
        for kept in rows.from_place(self.number, fork + 1):
            if kept.digest in path:
                rows.change_message(self.number, kept.digest, status="waiting")
            elif kept.side == "customer":
                rows.change_message(self.number, kept.digest, status="pending", place=None, at=None)
            elif kept.status in ("entry", "receipt"):
                rows.change_message(self.number, kept.digest, status="forked")
        why = f"the vendor goes on from number {fork} another way: it was restored, or says different things"
        arrived.noticed.append(Noticed("split", why, (history.chain.digests[fork], first), now))
        return True

    def _give_receipt(
        self, rows: Rows, peer: Peer, history: History, thread: Thread, kept: Kept, why: Problem | None, now: str
    ) -> None:
        if rows.receipt_of(self.number, kept.digest, "customer") is not None:
            return  # given before, on a branch that was left for a while
        said: dict[str, Any] = {"problem": why}
        if why is None:
            said = {"outcome": thread.entries[-1].outcome, "state": thread.state}
        signer = self.signers(history.customer or peer.me)
        receipt = signer.receipt(kept.digest, to=peer.peer, at=now, thread=kept.thread, **said)
        position = rows.next_position(self.number)
        rows.add_message(self.number, receipt._replace(position=position, status="unsent", at=None))

    def _add(
        self,
        rows: Rows,
        verified: Verified,
        side: Side,
        status: Status,
        *,
        of: str | None = None,
        place: int | None = None,
        at: str | None = None,
    ) -> None:
        message = verified.message
        kept = Kept(verified.digest, rows.next_position(self.number), side, message.id, message.type, message.thread,
                    verified.raw, status, of, place, at)  # fmt: skip
        rows.add_message(self.number, kept)


def _settled_first(type_: str) -> bool:
    family = family_of(type_)
    return family is not None and type_ in FAMILIES[family].settled_first


def _problem(body: core.Receipt) -> Problem:
    return Problem.from_dict(body.problem.wire() if body.problem else {})


def _refusal(receipt: Kept) -> Refused | None:
    body: core.Receipt = read(receipt)[0].body
    return Refused(_problem(body), receipt.raw) if body.outcome == "refused" else None

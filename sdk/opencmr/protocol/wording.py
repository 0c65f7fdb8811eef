"""A decision, in a sentence for people."""

from collections.abc import Callable

from .question import THIRD_PARTY, VENDOR, Decision, Question, Reason
from .vocabulary import label

_BECAUSE: dict[Reason, str] = {
    "legal-compliance": "a legal duty is not for the customer and the vendor to settle",
    "removal": "removing data needs nobody's leave",
    "intent-live": "the customer cast an intent, and this is what it takes to answer it",
    "order-live": "the customer placed an order, and this is what it takes to perform it",
    "request-live": "the customer exercises a right, and this is what it takes to answer",
    "agreement": "the terms that both agreed on permit it",
    "consent": "the customer has consented",
    "prohibited-by-agreement": "the terms that both agreed on prohibit it",
    "refused": "the customer was asked and refused",
    "withdrawn": "the customer has withdrawn their consent",
    "objected": "the customer has objected",
    "erasure": "the customer has asked for this data to be erased",
    "agreement-ended": "the agreement that permitted it has ended",
    "consent-expired": "the consent that permitted it has run out",
    "no-word": "the customer has said nothing that permits it, and silence is a no",
}

_VERDICT = {"permit": "Yes", "deny": "No", "not-governed": "Not for OpenCMR to say"}


def explain(decision: Decision, name: Callable[[str], str] = lambda digest: digest[:12] + "…") -> str:
    """One sentence: the answer, the question in words, why, and the messages that it rests on.

    Args:
        decision: What was decided.
        name: How a message is called, by its digest; absent, the beginning of the digest.
    """
    evidence = f" (see {', '.join(map(name, decision.evidence))})" if decision.evidence else ""
    asked, because = _asked(decision.question), _BECAUSE[decision.reason]
    return f"{_VERDICT[decision.answer]}: {asked} at {decision.at}: {because}{evidence}."


def _asked(question: Question) -> str:
    recipients = {VENDOR: "by the vendor", THIRD_PARTY: "by a third party"}
    by = recipients.get(question.recipient, f"by {question.recipient}")
    over = f" over {question.channel}" if question.channel else ""
    about = f" about {question.topic.label or question.topic.code}" if question.topic else ""
    of = f" from thread {question.thread.removeprefix('urn:uuid:')[:8]}" if question.thread else ""
    return f"{label(question.action)} of {label(question.data)}{of} for {label(question.purpose)} {by}{over}{about}"

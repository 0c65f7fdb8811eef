"""Threads: what they fold to, by family, and what a vendor answers to each delivery."""

from . import deliveries, folds_consent, folds_intent, folds_terms
from .writing import Files, cases_file

FOLD = (
    "Entries of {}, in the order of their places. Each has its outcome; `state` and `record` are those of the thread "
    "named, once all are folded."
)
DELIVERIES = (
    "Messages delivered to one vendor in this order, each at the vendor's time `now`; `entry` is what the vendor said "
    "itself. Each delivery has its answer in `expect`."
)


def files() -> Files:
    kinds = {
        "terms": folds_terms.terms_folds,
        "consent": folds_consent.consent_folds,
        "intent": folds_intent.intent_folds,
    }
    made = {
        f"threads/{name}.json": cases_file(FOLD.format(f"threads of {name}"), "thread", cases())
        for name, cases in kinds.items()
    }
    return {**made, "threads/receiving.json": cases_file(DELIVERIES, "thread", deliveries.cases())}

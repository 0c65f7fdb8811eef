"""Threads: what words fold to, what a vendor answers, and what a customer makes of the answers."""

from . import (
    answers,
    deliveries,
    folds_bounds,
    folds_consent,
    folds_data,
    folds_deals,
    folds_grants,
    folds_intent,
    folds_knowing,
    folds_lifting,
    folds_noes,
    folds_orders,
    folds_relationship,
    folds_rules,
    folds_terms,
    folds_times,
    folds_void,
    mailboxes,
)
from .writing import Files, cases_file

FOLD = (
    "{} `words` are those of one relationship, in the order of the vendor's numbers; each place has what it comes to, "
    "and at the end there are the times of all places, the disputes and the records."
)
DELIVERIES = (
    "What a vendor answers. `held` is what it held before; each step of `receive` comes at its time `now`, and "
    "has its answer in `expect`."
)
MAILBOXES = (
    "What a customer makes of what the mailbox brings. `said` waits for its receipt; each of `answers` has in `expect` "
    "what is known then, and at the end there are the chain, the times, the disputes and the records."
)


def files() -> Files:
    folds = {
        "terms": ("Threads of terms.", folds_terms.terms_folds),
        "consent": ("Threads of consent.", lambda: [*folds_consent.consent_folds(), *folds_noes.noes_folds()]),
        "bounds": ("How far a grant may go, which of several faults is told, and what an offer may rest on.",
                   folds_bounds.bound_folds),
        "intent": ("Threads of intents, offers and orders.", folds_intent.intent_folds),
        "orders": ("What offers come to, once and in all, and what becomes of an order.",
                   lambda: [*folds_orders.order_folds(), *folds_deals.deal_folds()]),
        "data": ("Rights requests, objections, what is shared and what is given.", folds_data.data_folds),
        "relationship": ("Under which key the customer speaks, keys of the vendor, and closing it all.",
                         folds_relationship.relationship_folds),
        "knowing": ("What a word knows, stale words, and which yes lifts which no.",
                    lambda: [*folds_knowing.knowing_folds(), *folds_lifting.lifting_folds()]),
        "void": ("Words that are too late, overtaken or against the rules, and what comes twice.",
                 folds_void.void_folds),
        "rules": (
            "Rules across members, each where a fold that leaves it out differs.",
            lambda: [*folds_grants.grants_folds(), *folds_rules.rules_folds()],
        ),
        "answers": ("What is answered where rules are broken. `breaks` names the rows of the table, the answer first.",
                    answers.answers),
        "times": ("Clocks that go back and forth, and dates that contradict each other.", folds_times.times_folds),
    }  # fmt: skip
    made = {
        f"threads/{name}.json": cases_file(FOLD.format(about), "thread", cases())
        for name, (about, cases) in folds.items()
    }
    made["threads/receiving.json"] = cases_file(DELIVERIES, "thread", deliveries.cases())
    made["threads/collecting.json"] = cases_file(MAILBOXES, "thread", mailboxes.cases())
    return made

"""Mutants of which nobody could tell: they answer as what is right does, whatever is said and asked."""

BECAUSE: dict[str, tuple[str, ...]] = {
    "the refusal after it says the same, with advice that is of no use": (
        "sums._check_sum: passes over `raise WrongTotal(why, pointer=where, rule=rule)`",
    ),
    "it is what people read, or advice to them": (
        "consent._check_item: leaves `id_` out of `id_ or name`",
        "consent._check_item: leaves `name` out of `id_ or name`",
        "dealing.Dealing._ordered: turns `found.state == 'firm'` round",
        "sums.check_sums: turns `body.commitment is None` round",
    ),
    "both are set at once, or neither is: it is there for the types": (
        ("terms.Agreement.bindings: leaves `self.terms is not None` out of `self.terms is not None and se"
         "lf.since is not None and (self.own is not`"),
        ("terms.Agreement.bindings: leaves `self.since is not None` out of `self.terms is not None and se"
         "lf.since is not None and (self.own is not`"),
        ("terms.Agreement.bindings: leaves `self.own is not None` out of `self.terms is not None and self"
         ".since is not None and (self.own is not`"),
        "terms.Agreement.on_terms: leaves `self.own is None` out of `self.own is None or self.since is None`",
        ("terms.Agreement.on_terms: leaves `self.ended is not None` out of `self.ended is not None and se"
         "lf.ended_by == 'customer'`"),
        "sums.check_sums: leaves `least is not None` out of `least is not None and body.commitment is not None`",
        ("sums.check_sums: leaves `body.commitment is not None` out of `least is not None and body.commit"
         "ment is not None`"),
    ),
    "the model sees to it: a retention has a period and its event, or a moment; a rule that obliges has no action": (
        "consent._within: leaves `asked.period is None` out of `granted.period is None or asked.period is None`",
        "consent._within: leaves `granted.period is None` out of `granted.period is None or asked.period is None`",
        ("binding._ruled: leaves `rule.effect != 'oblige'` out of `rule.effect != 'oblige' and rule.actio"
         "n is not None`"),
    ),
    "an end is asked of permissions alone": (
        "consent.statements_of_item: leaves `permit` out of `permit and ended`",
    ),
    "while it stands, the record's own no says the same": (
        "consent.Beside._denied: leaves `key not in stands` out of `said.side == 'vendor' and key not in stands`",
    ),
    "nothing but an amount settles a withdrawal, and while it is returning one is open": (
        "dealing.Dealing._fulfilled: leaves `body.amount is None` out of `open_ or body.amount is None`",
    ),
    "no word is placed where the next will be": (
        "dealing.Dealing.activities: one step off in `at.place < (cancelled.place if cancelled else chain.next)`",
    ),
    "a withdrawal is a no-word: it has a date of its own": (
        "returning.withdrawn: leaves `point.at` out of `point.said or point.at`",
    ),
    "a span that ends where the next begins is one with it": (
        "performing._spans: one step off in `at >= until`",
    ),
    "the same span twice permits no more": (
        "performing.standing_order: one step off in `lasting.warranty > lasting.returns`",
    ),
    "no two have one place": (
        "basis.active_terms: one step off in `one.since.place > latest.since.place`",
    ),
    "what is left out speaks of other data, or of something else: it is looked at in vain": (
        "basis._permits_marketing: takes all, not `one.speaks_of('dpv:Use', MARKETING)`",
        "basis._permits_marketing: takes all, not `overlaps('data', name, term)`",
        "basis._permits_marketing: takes all, not `name in near`",
        "basis._permits_marketing: takes all, not `named`",
    ),
    "a customer's word was looked at before": (
        "thread.Thread.judge: leaves `side == 'vendor'` out of `side == 'vendor' and (not self._in_time(said))`",
    ),
    "the desk has asked before": (
        "receiving.settle: passes over `raise Behind('a word of ours that you have seen is not held here', poi`",
    ),
    "for parts of evidence; tests of the folder hold it": (
        "history.History.pass_over: leaves out `self._placed(*of)`",
        "history.History.pass_over: leaves out `self._add(digest, message.created, message.id)`",
    ),
    "what does not count is passed over later, too": (
        "history.History.hear: leaves `counts` out of `counts and self.chain.place_of(digest) is None`",
    ),
    "the later of two equal instants is either": (
        "statements.begins: one step off in `own.created > at`",
    ),
    "no word knows its own place": (
        "decisions._Noes.lifted_by: one step off in `yes.own.place > self.last`",
    ),
}  # fmt: skip
"""Why → the names of mutants."""
ALIKE = {name: why for why, names in BECAUSE.items() for name in names}

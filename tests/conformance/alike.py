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
        "vocabulary.nearest: turns `found` round",
        "vocabulary.label: turns `(found := _label(kind).get(term))` round",
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
    "what would come back ends where it begins": (
        "performing._spans: leaves `done` out of `done or said`",
    ),
    "no word knows its own place, and what it knows came before it": (
        "decisions._Noes.of: the other of max in `max(places)`",
        ("decisions._Noes.lifted_by: leaves `yes.own.place > self.last` out of `yes.own.place > self.last "
         "and (not yes.own.knows.lacks(self.places)) a`"),
        "decisions._Noes.lifted_by: one step off in `yes.own.place > self.last`",
    ),
    "a span that ends where the next begins is one with it": (
        "performing._spans: one step off in `at >= spans[-1][1]`",
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
        ("statements.Statement.speaks_of: leaves `self.vendor` out of `self.vendor and match('action', se"
         "lf.actions, action) and (self.purpos`"),
        ("statements.Statement.speaks_of: leaves `match('action', self.actions, action)` out of `self.ven"
         "dor and match('action', self.actions, action) and (self.purpos`"),
        ("statements.Statement.speaks_of: leaves `self.purposes is None or match('purpose', self.purposes"
         ", pur` out of `self.vendor and match('action', self.actions, action) and (self.purpos`"),
    ),
    "a customer's word was looked at before": (
        "thread.Thread.judge: leaves `side == 'vendor'` out of `side == 'vendor' and (not self._in_time(said))`",
    ),
    "whoever receives it has asked before": (
        "receiving.settle: passes over `raise Behind('a word of ours that you have seen is not held here', poi`",
        "receiving.settle: leaves `caught_up` out of `caught_up and narrowing`",
    ),
    "for parts of evidence; tests of the folder hold it": (
        "history.History.pass_over: leaves out `self._placed(*of)`",
        "history.History.pass_over: leaves out `self._add(digest, message.created, message.id)`",
        "history.History.pass_over: turns `of is not None` round",
    ),
    "what does not count is passed over later, too": (
        "history.History.hear: leaves `counts` out of `counts and self.chain.place_of(digest) is None`",
    ),
    "the later of two equal instants is either": (
        "statements.begins: one step off in `own.created > at`",
    ),
    "no word knows its own place, so no no lifts itself": (
        ("decisions.decide: leaves `one.effect == 'permit'` out of `one.effect == 'permit' and one.lasts("
         "at, now=now)`"),
        ("decisions.permits_about: leaves `one.effect == 'permit'` out of `one.effect == 'permit' and one"
         ".lasts(at, now=True)`"),
    ),
    "a permission names its purposes": (
        "decisions._Noes.lifted_by: leaves `_ANY_PURPOSE` out of `yes.purposes or _ANY_PURPOSE`",
        ("statements.Statement._permits: leaves `self.purposes is not None` out of `self.purposes is not "
         "None and (not any_reaches('purpose', self.purpose`"),
    ),
    "nothing reaches what is not asked": (
        ("decisions._over_such: leaves `asked is not None` out of `yes is not None and asked is not None "
         "and _below('channel', yes, no, a`"),
        ("statements.Statement._permits: leaves `question.channel is None` out of `question.channel is No"
         "ne or not any_reaches('channel', self.channels, `"),
    ),
    "what is none reaches nothing, and prohibits nothing": (
        "binding._ruled: takes all, not `rule.effect != 'oblige' and rule.action is not None`",
        ("binding._ruled: leaves `rule.action is not None` out of `rule.effect != 'oblige' and rule.actio"
         "n is not None`"),
        "binding._of_rules: leaves `rule.purpose` out of `rule.effect == 'permit' and rule.purpose`",
    ),
    "it spares reckoning: what is left comes to the same": (
        "statements.begins: leaves `own.created > at` out of `permit and own.created > at`",
        ("receiving.settle: leaves `message.created > now` out of `not narrowing and message.created > no"
         "w and (message.created > shifted`"),
        "receiving.settle: one step off in `message.created > now`",
    ),
    "no question is about a thread that is none": (
        "facts.gather: takes all, not `one.scope`",
    ),
    "what can be late has an expiry, by the model: all that widens": (
        ("receiving._too_late: leaves `said.message.expires is not None` out of `said.message.expires is "
         "not None and said.message.expires <= said.at`"),
    ),
    "of two faults at once, no rule says which is told where the word is void": (
        ("history.History.follow: leaves `fault` out of `fault or Conflict('this id was used before', poi"
         "nter='/id', rule='RCV-`"),
    ),
    "no term of another kind is that one": (
        ("vocabulary.includes: leaves `kind == 'purpose'` out of `kind == 'purpose' and broad == EVERYTHI"
         "NG['purpose']`"),
        "vocabulary.prohibits: leaves `kind == 'data'` out of `kind == 'data' and broad == EVERYTHING['data']`",
    ),
}  # fmt: skip
"""Why → the names of mutants."""
ALIKE = {name: why for why, names in BECAUSE.items() for name in names}

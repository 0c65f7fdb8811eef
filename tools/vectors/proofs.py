"""Proofs that hold, with every step as a file of its own, and messages whose proof does not hold."""

from .proofs_good import good, steps
from .proofs_refused import bad
from .writing import Files, case, cases_file

ABOUT = (
    "`folder`: a message and each step on the way to its proof. `message`: one that checks 4 to 7 refuse, with the "
    "problem and the pointer. `pinned`: the keys of a did:web that the receiver holds; a did:key needs none. "
    "`official` names the vector of the W3C's own suite."
)


def files() -> Files:
    made: Files = {}
    cases = [
        case(
            "official",
            "The vector of the W3C's suite: no message, with `created` in its proof",
            "SIG-2",
            official="eddsa-jcs-2022",
        )
    ]
    for id_, says, document, key, url, pinned in good():
        made |= {f"proofs/{id_}/{name}": raw for name, raw in steps(document, key, url).items()}
        more = {"pinned": pinned} if pinned else {}
        cases.append(case(id_, says, "SIG-1", "SIG-2", "IDN-5", folder=f"proofs/{id_}", **more))
    cases += bad()
    return {**made, "proofs.json": cases_file(ABOUT, "proof", cases)}

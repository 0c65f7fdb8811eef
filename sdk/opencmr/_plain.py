"""Texts that may be a peer's, made fit for a screen: what people write stays, what takes a terminal over does not.

Decided by what Unicode says of a sign, not by what Python would print: to Python a space that is no U+0020, a joiner
and a sign that is newer than it are alike unprintable, and whole scripts need them.
"""

import unicodedata

REPLACEMENT = "\ufffd"
_COMMANDS = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of what is no text: controls, halves of a pair, separators that may break a line."""
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of what reorders the text after it: embeddings, overrides, isolates and their ends."""
_JOINERS = "\u200c\u200d"
"""Without them Persian, the scripts of India and emoji of several parts read otherwise."""
_NO_TEXT = (range(0x206A, 0x2070), range(0xFDD0, 0xFDF0), range(0xFFF9, 0xFFFC), range(0xE0000, 0xE0020))
"""What Unicode tells plain text not to use: deprecated formats, what is no sign, annotations, the language tag."""
_UNSEEN = (range(0xAD, 0xAE), range(0x61C, 0x61D), range(0x200B, 0x2010), range(0x2060, 0x206A), range(0xFEFF, 0xFF00),
           range(0xE0020, 0xE0080))  # fmt: skip
"""Formats that say where a line may break, which way a sign leans or which flag is meant: nothing is seen of them."""


def plain(text: object) -> str:
    """A text as it may be shown to people, whoever wrote it.

    Args:
        text: Anything; its `str` is taken.

    Returns:
        One line. Spaces of all scripts have become spaces. What could take a terminal over has become U+FFFD: controls,
        line separators, embeddings, overrides and isolates of direction, what Unicode tells plain text not to use.
        Marks that nobody sees are left out, but for the joiners. All else is as it was, in any script.
    """
    said = str(text)
    return said if said.isascii() and said.isprintable() else "".join(map(_shown, said))


def _shown(sign: str) -> str:
    if sign.isprintable():
        return sign
    category, number = unicodedata.category(sign), ord(sign)
    if category == "Zs":
        return " "
    if category in _COMMANDS or unicodedata.bidirectional(sign) in _TURNING or _within(number, _NO_TEXT):
        return REPLACEMENT
    if number & 0xFFFE == 0xFFFE:  # no sign, and never one; XML cannot hold two of them
        return REPLACEMENT
    return "" if _within(number, _UNSEEN) and sign not in _JOINERS else sign


def _within(number: int, ranges: tuple[range, ...]) -> bool:
    return any(number in each for each in ranges)

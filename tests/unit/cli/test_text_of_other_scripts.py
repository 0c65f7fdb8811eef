"""Texts of all scripts on a screen: what people write stays as it is, what takes a terminal over does not.

By properties of Unicode, for every sign that there is.
"""

import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr.cli.output import plain

ALL = [chr(number) for number in range(sys.maxunicode + 1)]
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
WRITTEN = {
    "French": ("Pointure\u00a0: 49", "Pointure : 49"),
    "a French number": ("1\u202f299,00\u00a0\u20ac", "1 299,00 \u20ac"),
    "Japanese": ("登山靴\u3000４９号", "登山靴 ４９号"),
    "Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "Hindi": ("क्\u200dष", "क्\u200dष"),
    "Sinhala": ("ශ්\u200dරී", "ශ්\u200dරී"),
    "emoji of several parts": ("👩\u200d💻 👍🏽 ❤\ufe0f", "👩\u200d💻 👍🏽 ❤\ufe0f"),
    "Scotland's flag": ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🏴"),
    "German": ("Wander\u00adschuhe", "Wanderschuhe"),
    "Hebrew": ("נעליים\u200f (49)", "נעליים (49)"),
    "Thai": ("รอง\u200bเท้า", "รองเท้า"),
    "Arabic": ("\u0600١٢", "\u0600١٢"),
    "Mongolian": ("ᠠ\u180eᠠ", "ᠠ\u180eᠠ"),
    "Vietnamese in parts": ("gia\u0300y", "gia\u0300y"),
    "Ogham": ("ᚁ\u1680ᚂ", "ᚁ ᚂ"),
    "what a company has of its own": ("\uf8ff", "\uf8ff"),
}


@pytest.mark.parametrize("language", WRITTEN)
def test_what_people_write_is_shown(language: str) -> None:
    written, shown = WRITTEN[language]
    assert plain(written) == shown


def test_what_can_be_seen_in_any_script_stays() -> None:
    seen = [sign for sign in ALL if unicodedata.category(sign)[0] in "LMNPS"]
    assert len(seen) > 140_000
    assert [sign for sign in seen if plain(sign) != sign] == []


def test_every_space_is_a_space() -> None:
    spaces = [sign for sign in ALL if unicodedata.category(sign) == "Zs"]
    assert len(spaces) > 10
    assert {plain(sign) for sign in spaces} == {" "}


def test_every_control_every_half_of_a_pair_and_every_break_of_a_line_is_replaced() -> None:
    wrong = [sign for sign in ALL if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]
    assert len(wrong) > 65 + 2048
    assert {plain(sign) for sign in wrong} == {"\ufffd"}


def test_whatever_reorders_the_text_after_it_is_replaced() -> None:
    turning = [sign for sign in ALL if unicodedata.bidirectional(sign) in TURNING]
    assert len(turning) == 9
    assert {plain(sign) for sign in turning} == {"\ufffd"}


def test_what_unicode_tells_plain_text_not_to_use_is_replaced() -> None:
    deprecated = "\u206a\u206b\u206c\u206d\u206e\u206f\ufff9\ufffa\ufffb\U000e0001\ufffe\uffff\ufdd0\U0010ffff"
    assert plain(deprecated) == "\ufffd" * len(deprecated)


def test_signs_that_are_newer_than_this_python_stay() -> None:
    unknown = [sign for sign in ALL if unicodedata.category(sign) == "Cn" and 0x10000 < ord(sign) < 0x1FFFE]
    assert all(plain(sign) == sign for sign in unknown)


def test_other_formats_are_kept_or_left_out_and_never_replaced() -> None:
    formats = [sign for sign in ALL if unicodedata.category(sign) == "Cf"]
    replaced = {sign for sign in formats if plain(sign) == "\ufffd"}
    assert all(plain(sign) in (sign, "", "\ufffd") for sign in formats)
    assert {unicodedata.bidirectional(sign) for sign in replaced} <= TURNING | {"BN", "ON"}
    assert len(replaced) == 9 + 6 + 3 + 1


@given(st.text())
def test_a_text_that_is_plain_stays_plain_and_is_one_line(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(once.splitlines()) <= 1
    assert "\x1b" not in once


@given(st.text(), st.text())
def test_texts_are_shown_sign_by_sign(one: str, two: str) -> None:
    assert plain(one + two) == plain(one) + plain(two)


def test_show_and_junit_tell_them_alike(run: Any) -> None:
    from opencmr.conformance import report

    done = run("show", "登山\u3000靴\u202e\u200b.db")
    assert done.err.endswith("登山 靴\ufffd.db\n")
    assert report.plain is plain

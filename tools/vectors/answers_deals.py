"""Messages about intents, offers and orders that break rules, each table's in one conversation."""

from typing import Any

CASES: list[tuple[str, str, str, Any]] = []

"""A customer fetches files: from where it broke off, never more than was named, and only what has the right digest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from opencmr import Customer, Vendor, intent, trust
from opencmr.errors import NotFound, StoreError, Unreachable, UsageError, WrongFile
from opencmr.messages import offer
from opencmr.messages.types import File
from opencmr.roles import CustomerRelationship
from opencmr.roles.customer import fetching
from parties import CAST, SHOP, Street, Wire, an_offer

CONTENT = b"All that we hold about you.\n" * 20_000
Twist = Callable[[bytes], bytes]


class Torn(Wire):
    """A wire on which files break off, or are others.

    Attributes:
        after: Bytes after which each connection breaks.
        twist: What becomes of the bytes.
        fetched: How many times a fetch was sent.
    """

    after: int | None = None
    twist: Twist | None = None
    fetched = 0

    async def fetch(self, endpoint: str, raw: bytes, size: int, take: Callable[[bytes], None]) -> None:
        self.fetched += 1
        left = self.after

        def some(piece: bytes) -> None:
            nonlocal left
            piece = self.twist(piece) if self.twist else piece
            if left is not None:
                piece, left = piece[:left], left - len(piece)
            take(piece)
            if left is not None and left <= 0:
                raise Unreachable("it broke off")

        await super().fetch(endpoint, raw, size, some)


@pytest.fixture
def wire() -> Torn:
    return Torn()


@pytest.fixture
def street(tmp_path: Path, wire: Torn) -> Street:
    return Street(tmp_path, wire=wire)


@pytest.fixture
async def shop(street: Street, tmp_path: Path) -> Vendor:
    async def content() -> object:
        yield CONTENT

    shop = street.vendor(accepts=["SD-BASE"], files=tmp_path / "files")
    file = await shop.files.add(content(), media_type="text/plain", name="all.txt")  # type: ignore[arg-type]
    shop.on(intent.Cast)(lambda *_: _naming(file))
    return shop


def _naming(*files: File) -> offer.Make:
    made = an_offer()
    return made.model_copy(update={"lines": [made.lines[0].model_copy(update={"files": list(files)})]})


@pytest.fixture
async def at_shop(street: Street, shop: Vendor) -> CustomerRelationship:
    alice: Customer = street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(CAST)
    return relationship


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PAUSE", 0.001)


@pytest.mark.requirement("TRN-41")
async def test_a_file_is_fetched_whole(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    [named] = at_shop.files()
    told: list[int] = []
    to = await at_shop.fetch(named, tmp_path / "got.txt", progress=told.append)
    assert to.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == named.file.size
    assert not (tmp_path / "got.txt.part").exists()
    assert to.stat().st_mode & 0o777 == 0o600


async def test_a_file_is_known_by_what_a_message_says_of_it(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    [named] = at_shop.files()
    assert at_shop.files(named.thread) == [named]
    assert at_shop.files("urn:uuid:00000000-0000-4000-8000-000000000000") == []
    await at_shop.fetch(named.file, tmp_path / "got.txt")
    unnamed = File(media_type="text/plain", size=1, digest=trust.digest(b"x"))
    with pytest.raises(UsageError, match="no message"):
        await at_shop.fetch(unnamed, tmp_path / "other.txt")


async def test_a_connection_that_breaks_goes_on_where_it_broke(
    at_shop: CustomerRelationship, wire: Torn, tmp_path: Path
) -> None:
    wire.after = 100_000
    to = await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert to.read_bytes() == CONTENT
    assert wire.fetched == -(-len(CONTENT) // 100_000)


async def test_what_has_come_is_kept_for_the_next_time(
    at_shop: CustomerRelationship, wire: Torn, tmp_path: Path
) -> None:
    part = tmp_path / "got.txt.part"
    part.write_bytes(CONTENT[:200_000])
    wire.down.add(SHOP)
    wire.after = 0
    with pytest.raises(Unreachable):
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert part.stat().st_size == 200_000
    wire.after, wire.fetched, told = None, 0, list[int]()
    await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt", progress=told.append)
    assert (wire.fetched, told[0]) == (1, 200_000)
    assert (tmp_path / "got.txt").read_bytes() == CONTENT


@pytest.mark.requirement("TRN-41")
@pytest.mark.parametrize("before", [b"", b"others' bytes"])
async def test_a_file_of_another_digest_is_thrown_away(
    at_shop: CustomerRelationship, wire: Torn, tmp_path: Path, before: bytes
) -> None:
    part = tmp_path / "got.txt.part"
    part.write_bytes(before)
    wire.twist = lambda piece: piece.replace(b"about you", b"about her")
    with pytest.raises(WrongFile) as wrong:
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert wrong.value.named == trust.digest(CONTENT)
    assert not part.exists()
    assert not (tmp_path / "got.txt").exists()


@pytest.mark.requirement("TRN-41")
async def test_not_one_byte_more_than_was_named_is_kept(
    at_shop: CustomerRelationship, wire: Torn, tmp_path: Path
) -> None:
    wire.twist = lambda piece: piece * 3
    with pytest.raises((Unreachable, WrongFile)):
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    part = tmp_path / "got.txt.part"
    assert not part.exists() or part.stat().st_size <= len(CONTENT)


async def test_a_part_that_is_too_long_is_begun_anew(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    (tmp_path / "got.txt.part").write_bytes(CONTENT + b"more")
    assert (await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")).read_bytes() == CONTENT


async def test_a_file_that_is_there_is_not_fetched_again(
    at_shop: CustomerRelationship, wire: Torn, tmp_path: Path
) -> None:
    for _ in range(2):
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert wire.fetched == 1
    (tmp_path / "got.txt").write_bytes(CONTENT.replace(b"you", b"her"))
    with pytest.raises(UsageError, match="another file"):
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert wire.fetched == 1


async def test_a_part_that_is_a_link_is_not_followed(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "got.txt.part").symlink_to(tmp_path / "target")
    with pytest.raises(StoreError):
        await at_shop.fetch(at_shop.files()[0], tmp_path / "got.txt")
    assert (tmp_path / "target").read_bytes() == b"precious"


async def test_two_do_not_fetch_into_one_file(at_shop: CustomerRelationship, tmp_path: Path) -> None:
    [named] = at_shop.files()
    with (
        fetching._Part(tmp_path / "got.txt", named.file, lambda _: None),
        pytest.raises(UsageError, match="already"),
    ):
        await at_shop.fetch(named, tmp_path / "got.txt")


async def test_a_file_that_the_vendor_gives_no_more_is_not_found(
    at_shop: CustomerRelationship, shop: Vendor, tmp_path: Path
) -> None:
    [named] = at_shop.files()
    shop.files.remove(named.file.digest)
    with pytest.raises(NotFound):
        await at_shop.fetch(named, tmp_path / "got.txt")

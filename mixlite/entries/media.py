"""Pictures: a row for each, and its bytes in the storage below the row's random name.

An upload is a row (committed), then bytes with no transaction open, then the end of it (committed). Large files come in
parts of `PART_BYTES`, so a broken connection loses one part; what was acknowledged is never asked for again. The parts
are an original only until the worker has made the three sizes of it (`preparing.py`); then they are erased (P7).

States: coming (parts are missing), received, preparing, ready, failed. A picture belongs to its owner alone until it is
put into an entry or under a comment; then whoever sees that sees it. One that belongs nowhere any more is erased.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import choice
from typing import Any, BinaryIO

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, case, exists, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.config import current_settings
from mixlite.core.db import Base, BigId, db, writing
from mixlite.core.errors import Conflict, NotHere, Refused
from mixlite.core.jobs import bell
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.storage import StorageFull, StorageTrouble, storage
from mixlite.entries.drafts import Draft
from mixlite.entries.prepare import BROKEN, NOT_A_PICTURE, TOO_LARGE
from mixlite.people.members import Member

PART_BYTES = 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024
MOST_WAITING = 200  # pictures of one member that are on their way, or not yet put anywhere
UNUSED_FOR = timedelta(hours=24)
NAME_LENGTH = 100
ALT_LENGTH = 500
TOKEN_LENGTH = 26  # of 32 letters: 130 bits
VARIANTS = ("small", "medium", "large")
GAVE_UP = "gave_up"
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_MAY_BE_DUE = "state IN ('received', 'preparing') OR (entry_id IS NULL AND comment_id IS NULL)"
_STATES = ("coming", "received", "preparing", "ready", "failed")

# Why a picture failed, for its owner.
REASONS: Mapping[str, Any] = {
    NOT_A_PICTURE: _l("This is not a picture that can be shown here. JPEG, PNG, WebP, GIF, HEIC and AVIF can."),
    BROKEN: _l("The file is damaged or cut off. Please take it from the camera or phone once more."),
    TOO_LARGE: _l("The picture is too large: up to 64 megapixels can be shown here."),
    GAVE_UP: _l("We tried several times and could not make this picture ready. Please send it once more."),
}


class Media(Base):
    """One picture of one member.

    `token` is its random name, in addresses and in the storage. `size` is how long the file that comes is, `received`
    how much of it is here, `bytes` what counts towards the owner's quota. `widths` and `lengths` are of the variants,
    the smallest first; they lie in the storage below the number of the attempt that made them. `settled_at`: from then
    on it is erased unless it is in an entry or under a comment.
    """

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in _STATES)})", name="state"),
        Index("ix_media_owner_id", "owner_id", "bytes"),
        Index("ix_media_entry_id", "entry_id"),
        Index("ix_media_comment_id", "comment_id"),
        Index(
            "ix_media_due",
            "due_at",
            sqlite_where=text(_MAY_BE_DUE),
            postgresql_where=text(_MAY_BE_DUE),
        ),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(TOKEN_LENGTH), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="SET NULL"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="SET NULL"))
    alt: Mapped[str] = mapped_column(String(ALT_LENGTH * 4), default="")  # of one under a comment; else the photo's
    state: Mapped[str] = mapped_column(String(10), default="coming")
    reason: Mapped[str | None] = mapped_column(String(20))
    file_name: Mapped[str] = mapped_column(String(NAME_LENGTH * 4))  # for its owner's eyes only
    size: Mapped[int] = mapped_column(BigId)
    received: Mapped[int] = mapped_column(BigId, default=0)
    bytes: Mapped[int] = mapped_column(BigId)
    width: Mapped[int | None]
    height: Mapped[int | None]
    colour: Mapped[str | None] = mapped_column(String(6))
    widths: Mapped[str] = mapped_column(String(40), default="")
    lengths: Mapped[str] = mapped_column(String(60), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    touched_at: Mapped[datetime]
    created_at: Mapped[datetime]

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    @property
    def is_waiting(self) -> bool:
        """Whether looking again later may show more."""
        return self.state in ("coming", "received", "preparing")

    @property
    def sizes(self) -> list[tuple[str, int]]:
        """The variants that there are, with their widths in pixels, the smallest first."""
        return list(zip(VARIANTS, (int(width) for width in self.widths.split()), strict=False))

    @property
    def reason_words(self) -> Any:
        """Why it failed, as its owner is told."""
        return REASONS.get(self.reason or "", REASONS[GAVE_UP])

    def length_of(self, variant: str) -> int | None:
        """The bytes of a variant; None when there is none of this name."""
        lengths = dict(zip(VARIANTS, self.lengths.split(), strict=False))
        return int(lengths[variant]) if variant in lengths else None

    def name_of(self, variant: str) -> str:
        """Where a variant lies in the storage."""
        return f"{folder_of(self.token)}/{self.attempts}/{variant}"


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    token: str
    state: str
    received: int
    size: int
    reason: Any = None


class NoRoom(Refused):
    """The storage of the house is full, or does not answer."""

    status = 507


def folder_of(token: str) -> str:
    """Everything of one picture lies below this name."""
    return f"{token[:2]}/{token}"


def part_of(token: str, number: int) -> str:
    """Where a part of the original lies until the picture is ready."""
    return f"{folder_of(token)}/in/{number:04}"


# ------------------------------------------------------------------------------------------------------------ coming in


def expect(owner_id: int, size: int, file_name: str) -> Progress:
    """Make the row of a file of `size` bytes, and commit it. Raises Refused when it is too large, or too much."""
    if not 0 < size <= LARGEST_FILE:
        raise Refused(_too_large(), "files")
    now = clock.now()
    with writing():
        _hold_owner(owner_id)
        _refuse_beyond_quota(owner_id, size)
        media = Media(
            token="".join(choice(_LETTERS) for _ in range(TOKEN_LENGTH)),
            owner_id=owner_id,
            file_name=_shown_name(file_name),
            size=size,
            bytes=size,
            state="coming",
            due_at=now,
            touched_at=now,
            created_at=now,
        )
        db.session.add(media)
        db.session.flush()
        return _progress(media)


def _too_large() -> Any:
    return _l("A picture can have up to %(limit)s MB, and not none.", limit=LARGEST_FILE // 2**20)


def _hold_owner(owner_id: int) -> None:
    """Of several uploads at once, one counts after the other (on SQLite there is one writer anyway)."""
    db.session.execute(select(Member.id).where(Member.id == owner_id).with_for_update(key_share=True))


def _refuse_beyond_quota(owner_id: int, size: int) -> None:
    used = bytes_of(owner_id)
    quota = current_settings().media_quota * 2**20
    if used + size > quota:
        words = _l(
            "Your pictures fill %(used)s of %(quota)s MB; this one does not fit in. Delete some, or ask your host.",
            used=used // 2**20,
            quota=quota // 2**20,
        )
        raise Refused(words, "files")
    # What was given up counts until it is erased, or sending and cancelling would fill the disk; what was in an entry
    # that is gone counts by its bytes alone.
    counts = or_(Media.settled_at.is_(None), Media.bytes == 0)
    unused = select(func.count()).where(Media.owner_id == owner_id, is_nowhere(), counts)
    if (db.session.scalar(unused) or 0) >= MOST_WAITING:
        raise Refused(_l("Too many pictures are on their way at once. Publish or cancel some first."), "files")


def bytes_of(owner_id: int) -> int:
    """What a member's pictures count, the ones that are on their way included."""
    return int(db.session.scalar(select(func.sum(Media.bytes)).where(Media.owner_id == owner_id)) or 0)


def _shown_name(file_name: str) -> str:
    """Its last part, without what cannot be seen; only ever shown to its owner."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:NAME_LENGTH]


def take_part(owner_id: int, token: str, offset: int, content: bytes) -> Progress:
    """Keep the part that begins at `offset`, and commit. With the last one the picture is received.

    Raises NotHere, Conflict when another part is due (`progress_of` says which), Refused for a part of a wrong length.
    """
    media = _own(owner_id, token)
    media_id, size, received, state = media.id, media.size, media.received, media.state
    db.session.rollback()  # nothing is held while bytes are written
    if state != "coming" or offset != received:
        raise Conflict(_l("This part is here already, or not yet due."))
    if len(content) != min(PART_BYTES, size - offset):
        raise Refused(_l("This part does not have the length that it should have."))
    _keep(part_of(token, offset // PART_BYTES), content)
    with writing():
        _move_on(media_id, offset, len(content), size)
    return _after_part(owner_id, token)


def _keep(name: str, content: bytes) -> None:
    try:
        storage().put(name, content, anew=True)  # what an earlier try left may have been torn by a power cut
    except StorageTrouble as trouble:
        raise NoRoom(no_room_words(trouble)) from trouble


def no_room_words(trouble: StorageTrouble) -> Any:
    """What a person is told when their file cannot be kept."""
    if isinstance(trouble, StorageFull):
        return _l("The house has no room for more pictures just now. Nothing else was lost; please tell your host.")
    return _l("Pictures cannot be kept just now. Nothing else was lost; please try again in a minute.")


def _move_on(media_id: int, offset: int, length: int, size: int) -> None:
    """Note that a part is here. Two who sent the same part at once note it once."""
    is_whole = Media.received + length == size
    now = clock.now()
    moved = db.session.execute(
        update(Media)
        .where(Media.id == media_id, Media.state == "coming", Media.received == offset)
        .values(
            received=Media.received + length,
            state=case((is_whole, "received"), else_="coming"),
            touched_at=now,
            due_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount and offset + length == size:  # type: ignore[attr-defined]
        bell().ring_after_commit("media", media_id)


def _after_part(owner_id: int, token: str) -> Progress:
    try:
        return progress_of(owner_id, token)
    except NotHere:
        storage().delete_below(folder_of(token))  # it was cancelled while the part was being written
        raise


def take_in(owner_id: int, file: BinaryIO, file_name: str) -> str:
    """Take a whole file, as a form without JavaScript sends it; answers its token. Everything is committed here.

    Raises Refused when it is too large or too much, NoRoom; then nothing of it stays.
    """
    size = file.seek(0, 2)
    file.seek(0)
    token = expect(owner_id, size, file_name).token
    try:
        for number in range(-(-size // PART_BYTES)):
            _keep(part_of(token, number), file.read(PART_BYTES))
    except BaseException:
        give_up(owner_id, [token])
        raise
    with writing():
        _move_on(_own(owner_id, token).id, 0, size, size)
    return token


def progress_of(owner_id: int, token: str) -> Progress:
    """How far an upload of theirs is. Raises NotHere."""
    return _progress(_own(owner_id, token))


def _own(owner_id: int, token: str) -> Media:
    query = select(Media).where(Media.token == token, Media.owner_id == owner_id)
    media = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if media is None:
        raise NotHere
    return media


def _progress(media: Media) -> Progress:
    reason = media.reason_words if media.state == "failed" else None
    return Progress(media.token, media.state, media.received, media.size, reason)


def give_up(owner_id: int, tokens: Iterable[str]) -> None:
    """Cancel uploads that are in no entry; the worker erases what there is of them. Commits."""
    with writing():
        ids = db.session.scalars(
            update(Media)
            .where(Media.owner_id == owner_id, Media.token.in_(set(tokens)), is_nowhere())
            .values(settled_at=clock.now(), due_at=clock.now(), bytes=0)
            .returning(Media.id)
            .execution_options(synchronize_session=False)
        )
        for media_id in ids:
            bell().ring_after_commit("media", media_id)


# ------------------------------------------------------------------------------------------------------ in their places


def waiting_of(owner_id: int, tokens: Sequence[str]) -> list[Media]:
    """Those of these pictures that are the owner's, wholly here and not in an entry yet; in the order of `tokens`."""
    is_free = (Media.owner_id == owner_id, is_nowhere(), Media.settled_at.is_(None))
    query = select(Media).where(*is_free, Media.token.in_(set(tokens)), Media.state != "coming")
    found = {media.token: media for media in db.session.scalars(query)} if tokens else {}
    return [found[token] for token in dict.fromkeys(tokens) if token in found]


def put_into(media: Media, entry_id: int) -> None:
    """From now on whoever sees the entry sees the picture. Raises Conflict when it was put elsewhere meanwhile."""
    _put(media, entry_id=entry_id)


def put_under(media: Media, comment_id: int, alt: str) -> None:
    """The same for whoever sees the comment."""
    _put(media, comment_id=comment_id, alt=alt)


def _put(media: Media, **where: Any) -> None:
    put = db.session.execute(
        update(Media)
        .where(Media.id == media.id, is_nowhere(), Media.settled_at.is_(None))
        .values(settled_at=clock.now(), **where)
        .execution_options(synchronize_session=False)
    )
    if not put.rowcount:  # type: ignore[attr-defined]
        raise Conflict(_l("One of the pictures is in another place already. Please look at them again."))


def media_under(comment_ids: Sequence[int]) -> dict[int, list[Media]]:
    """By the comment that they are under, in one statement; the comments came through the law."""
    found: dict[int, list[Media]] = {}
    query = select(Media).where(Media.comment_id.in_(set(comment_ids))).order_by(Media.id)
    for media in db.session.scalars(query) if comment_ids else ():
        found.setdefault(media.comment_id or 0, []).append(media)
    return found


def forget_unused() -> None:
    """Housekeeping: what nobody put anywhere for a day is given up. What is still coming was touched lately, and what
    stands in a draft of its owner waits as long as the draft does.
    """
    in_draft = exists(select(1).where(Draft.author_id == Media.owner_id, Draft.content.contains(Media.token)))
    with writing():
        old = (is_nowhere(), Media.settled_at.is_(None), Media.touched_at < clock.now() - UNUSED_FOR, ~in_draft)
        db.session.execute(update(Media).where(*old).values(settled_at=clock.now(), due_at=clock.now(), bytes=0))


def erase_all_of(owner: Member) -> None:
    """A member has left: what they had sent and put nowhere goes, too. The worker erases the bytes."""
    theirs = (Media.owner_id == owner.id, is_nowhere())
    values = {"settled_at": clock.now(), "due_at": clock.now(), "bytes": 0, "file_name": ""}
    db.session.execute(update(Media).where(*theirs).values(values))


def is_nowhere() -> Any:
    """In no entry and under no comment: on its way there, or not wanted any more."""
    return Media.entry_id.is_(None) & Media.comment_id.is_(None)


def is_to_be_erased() -> Any:
    """A row that belongs nowhere any more."""
    return is_nowhere() & Media.settled_at.is_not(None)


def sweep_storage() -> int:
    """Housekeeping: erase files that no row stands for, as a killed process may have left them. Returns how many.

    A row is there before its first byte, so a file without one is nobody's, and never one that is still coming (S26).
    Of what is ready only the variants stay, of what failed nothing.
    """
    by_token: dict[str, list[str]] = {}
    for name in storage().names():
        by_token.setdefault(name.split("/")[min(1, name.count("/"))], []).append(name)
    gone = 0
    tokens = sorted(by_token)
    for start in range(0, len(tokens), 500):
        some = tokens[start : start + 500]
        rows = db.session.execute(select(Media.token, Media.state, Media.attempts).where(Media.token.in_(some)))
        stays = {token: _folder_that_stays(state, attempts) for token, state, attempts in rows}
        db.session.rollback()
        for name in (name for token in some for name in by_token[token] if not _belongs(name, stays.get(token))):
            storage().delete(name)
            gone += 1
    return gone


def _folder_that_stays(state: str, attempts: int) -> str | None:
    """Below a picture's own folder: one name, everything (the empty word), or nothing."""
    return {"ready": f"{attempts}/", "failed": None}.get(state, "")


def _belongs(name: str, stays: str | None) -> bool:
    return stays is not None and name.split("/", 2)[-1].startswith(stays)


def content_of(media: Media, variant: str, start: int, length: int) -> bytes:
    """Bytes of a variant. Raises NotHere when they are gone, StorageTrouble."""
    try:
        return storage().get_range(media.name_of(variant), start, length)
    except FileNotFoundError:
        raise NotHere from None


def is_due() -> Any:
    """Rows that the worker has something to do for: to prepare, or to erase."""
    now = clock.now()
    is_free = or_(Media.leased_until.is_(None), Media.leased_until <= now)
    is_waiting = Media.state.in_(("received", "preparing"))
    return is_free & (Media.due_at <= now) & or_(is_waiting, is_to_be_erased())

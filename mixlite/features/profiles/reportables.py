"""A member's page, as somebody may report it to the host."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy import select

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.rooms import Reportable
from mixlite.people.members import Member
from mixlite.policy.visibility import meets


def met_member(viewer: Member, member_id: int) -> Member:
    """The person with this id. Raises NotHere when they do not exist for the viewer."""
    member = db.session.scalars(select(Member).where(Member.id == member_id, meets(viewer.id, Member))).one_or_none()
    if member is None:
        raise NotHere
    return member


def snapshot_of_member(member: Member) -> Mapping[str, Any]:
    """What their page said of them."""
    return {"title": member.name, "text": member.introduction}


def empty_introduction(_host: Member, member_id: int) -> bool:
    """Take the words off their page; the person stays."""
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None or not member.introduction:
        return False
    member.introduction = ""
    return True


MEMBER = Reportable(
    name="member",
    label=_l("Member"),
    removal=_l("Empty the introduction"),
    load=met_member,
    maker_id=lambda member: member.id,
    address=lambda member: url_for("profiles.show", handle=member.handle),
    snapshot=snapshot_of_member,
    remove=empty_introduction,
)

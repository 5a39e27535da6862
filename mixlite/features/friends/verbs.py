"""What two people can do about each other. Each takes hold of both rows first: crossing acts wait in turn (R14)."""

from datetime import timedelta

from mixlite.core import clock, events
from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.photos import part_ways, withdraw_guests
from mixlite.features.friends.queries import request_by, request_to
from mixlite.people.blocks import add_block, remove_block
from mixlite.people.dismissals import dismiss
from mixlite.people.friendships import (
    FriendRequest,
    are_friends,
    begin_friendship,
    close_request_between,
    end_friendship_between,
    forget_requests_between,
    has_room_for_a_friend,
    request_between,
)
from mixlite.people.members import Member, lock_members
from mixlite.people.mutes import end_mute, set_mute
from mixlite.policy.visibility import does_meet


def ask_to_be_friends(member: Member, other: Member, *, message: str) -> None:
    """Ask; if the other has asked already, it is a friendship at once. Asking twice is asking once."""
    _hold(member, other)
    if member.id == other.id or are_friends(member.id, other.id):
        return
    earlier = request_between(member.id, other.id)
    if earlier is not None and earlier.asker_id == other.id and earlier.withdrawn_at is None:
        _befriend(member, other)
        return
    declined_at = None
    if earlier is not None and earlier.asker_id == member.id:
        if earlier.withdrawn_at is None:
            return
        declined_at = earlier.declined_at  # it looks new to who asks, and who declined is not asked twice
    if earlier is not None:
        forget_requests_between(member.id, other.id)
    low, high = sorted((member.id, other.id))
    request = FriendRequest(
        asker_id=member.id, asked_id=other.id, low_id=low, high_id=high, message=message, created_at=clock.now()
    )
    request.declined_at = declined_at
    db.session.add(request)
    db.session.flush()
    events.record("friendship.asked", actor_id=member.id, subject_id=request.id)


def accept_request(member: Member, request_id: int) -> None:
    """Be friends with who asked. Raises NotHere when the request is not there any more."""
    asker = request_to(member, request_id).asker
    _hold(member, asker)
    if request_to(member, request_id).declined_at is None:
        _befriend(member, asker)


def withdraw_request(member: Member, request_id: int) -> None:
    """Take back one's own question, silently. Raises NotHere when it is not there any more.

    Of one that was declined meanwhile the row stays, so that asking again does not disturb who declined.
    """
    other = request_by(member, request_id).asked
    _hold(member, other)
    request_by(member, request_id)
    close_request_between(member.id, other.id)
    dismiss(member.id, other.id)  # whether it was declined or not, they are not suggested


def mute(member: Member, other: Member, *, days: int) -> None:
    """Take a break from somebody for so many days; 0 is until one ends it. They are not told."""
    if member.id == other.id:
        raise NotHere
    _hold(member, other)
    set_mute(member.id, other.id, clock.now() + timedelta(days=days) if days else None)


def unmute(member: Member, other: Member) -> None:
    """End the break."""
    end_mute(member.id, other.id)


def dismiss_suggestion(member: Member, other: Member) -> None:
    """Not this person: they are not suggested any more."""
    if member.id != other.id:
        dismiss(member.id, other.id)


def decline_request(member: Member, request_id: int) -> None:
    """Silently: who asked is not told, and still sees the request as open."""
    request = request_to(member, request_id)
    _hold(member, request.asker)
    request = request_to(member, request_id)
    request.declined_at = request.declined_at or clock.now()


def end_friendship(member: Member, other: Member) -> None:
    """From the next request on, nothing for friends is read by either. Nobody is told, nor suggested to the other."""
    _hold(member, other)
    part_ways(member.id, other.id)
    if end_friendship_between(member.id, other.id):
        dismiss(member.id, other.id)
        dismiss(other.id, member.id)
        events.record("friendship.ended", actor_id=member.id, subject_id=other.id)


def block(member: Member, other: Member) -> None:
    """Neither exists for the other any more; friendship, requests, breaks and shared albums end. Nor are they suggested
    ever again: else whoever is unblocked could tell from it whether their question had been declined.
    """
    if member.id == other.id:
        raise NotHere
    _hold(member, other)
    end_friendship_between(member.id, other.id)
    part_ways(member.id, other.id)
    withdraw_guests(member.id, other.id)
    for one, another in ((member, other), (other, member)):
        end_mute(one.id, another.id)
        dismiss(one.id, another.id)
    close_request_between(member.id, other.id)
    add_block(member.id, other.id)
    events.record("member.blocked", actor_id=member.id, subject_id=other.id)


def unblock(member: Member, other: Member) -> None:
    """They exist for each other again, as strangers."""
    remove_block(member.id, other.id)


def _hold(member: Member, other: Member) -> None:
    """Take both rows, and look again whether the two still exist for each other."""
    lock_members(member.id, other.id)
    if not does_meet(member, other.id):
        raise NotHere


def _befriend(member: Member, other: Member) -> None:
    if not has_room_for_a_friend(member.id):
        raise Refused(_l("You have 1,000 friends already; that is as many as fit here."))
    if not has_room_for_a_friend(other.id):
        raise Refused(_l("This person has 1,000 friends already; that is as many as fit here."))
    begin_friendship(member.id, other.id)
    events.record("friendship.began", actor_id=member.id, subject_id=other.id)

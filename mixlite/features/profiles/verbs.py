"""Changing what one's profile says."""

from mixlite.people.members import Member


def describe_oneself(member: Member, *, name: str, introduction: str) -> Member:
    """The handle stays what it is."""
    member.name, member.introduction = name, introduction
    return member

"""Keeping a preference with the member."""

from mixlite.people.members import Member


def prefer(
    member: Member, *, language: str | None = None, theme: str | None = None, shortcuts: bool | None = None
) -> None:
    """Keep what is given; None leaves a preference as it was. An empty theme follows the device."""
    if language is not None:
        member.language = language
    if theme is not None:
        member.theme = theme
    if shortcuts is not None:
        member.shortcuts = shortcuts

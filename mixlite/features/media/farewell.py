"""What goes with a member who left, besides what hangs on their entries."""

from mixlite.entries.media import erase_all_of
from mixlite.people.members import Member


def erase(member: Member) -> None:
    """Pictures that they sent and put nowhere."""
    erase_all_of(member)

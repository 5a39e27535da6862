"""What goes with a member who left, besides what hangs on their entries."""

from mixlite.entries.photos import forget_contributions
from mixlite.people.members import Member


def erase(member: Member) -> None:
    """That they may add to albums of others."""
    forget_contributions(member.id)

"""What this room does when something happened elsewhere in the house."""

from mixlite.core.events import Event
from mixlite.features.invitations.verbs import close_invitations_of


def close_links(event: Event) -> None:
    """Their links were dead from the moment they were shut out; now they stay so, also when it is lifted."""
    close_invitations_of(event.subject_id)

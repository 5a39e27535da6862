"""mixlite: an invite-only social network for one circle of people."""

__version__ = "0.1.0"

"""Reporting an entry, a comment or a member to the host; the queue, and telling both sides how it ended."""

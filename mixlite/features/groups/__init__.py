"""A member's own groups of friends. Nobody else ever sees one, its name, or who is in it."""

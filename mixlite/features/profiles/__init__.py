"""A member's own page: who they are, who vouched for them, what they wrote that you may read."""

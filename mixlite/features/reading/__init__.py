"""The page of any entry: reading it, answering it, marking it, and what its author may do with it."""

"""Members, how they came in, and how they stand to each other. Records and queries; no pages, no decisions."""

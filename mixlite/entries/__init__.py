"""Entries and what hangs on them. Records and queries; who may read is asked one floor up."""

"""Keeping: a backup in one file, and bringing it back."""

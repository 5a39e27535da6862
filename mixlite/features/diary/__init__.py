"""Diary entries: a title and long words."""

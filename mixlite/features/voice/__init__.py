"""Voices: a short text, at most 300 characters as people count them."""

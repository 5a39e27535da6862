"""Keeping what is being written: every few seconds by itself, or by a button."""

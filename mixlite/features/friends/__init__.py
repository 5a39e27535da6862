"""Becoming friends, being friends, ending it, and blocking."""

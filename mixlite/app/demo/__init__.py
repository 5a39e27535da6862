"""The demo: a real social network from the literature, and a year of its life."""

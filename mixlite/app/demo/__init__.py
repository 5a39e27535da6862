"""The demo: a real social network from the literature, and three years of its life."""

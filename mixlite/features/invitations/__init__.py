"""Invitations: writing them, opening them, and joining through them."""

"""Portraits that are drawn, not photographed: a face put together from a few parts, or a thing one likes."""

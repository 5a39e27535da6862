"""Completing "@aki" while somebody writes."""

"""Patterns of rules: their dialect, what they see of a text, and where they need not be tried."""

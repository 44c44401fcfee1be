"""Texts in, edits out: pure steps on one batch of documents."""

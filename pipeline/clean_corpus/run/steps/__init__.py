"""The steps of a run: one task function each, from files to files."""

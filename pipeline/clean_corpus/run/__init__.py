"""The run: which tasks there are, where they are carried out, and what they proved."""

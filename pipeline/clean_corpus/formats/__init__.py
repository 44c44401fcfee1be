"""Records in and out: what a file holds, and how it is written back."""

"""What each source repeats, as rules of its own."""

"""What only the whole corpus can tell: repeated passages, duplicates, keepers."""

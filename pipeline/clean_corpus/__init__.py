"""Clean and deduplicate articles, and show and undo everything that was removed."""

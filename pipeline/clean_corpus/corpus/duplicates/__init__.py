"""Which documents are copies of which, and who stays."""

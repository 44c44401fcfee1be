"""Which passages several sources have, and which texts stand inside others."""

"""Settings that every test shares."""

from __future__ import annotations

from hypothesis import settings

# A kernel's first call compiles it: a deadline would fail at random.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

"""A file of the host, in the folder that its PYTHONPATH names, called like a package we need."""

raise ImportError("this is the host's langdetect")

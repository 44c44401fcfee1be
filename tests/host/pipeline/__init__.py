"""The host's own folder of this name: importing it by mistake is an error that nobody overlooks."""

raise ImportError("this is the host's pipeline")

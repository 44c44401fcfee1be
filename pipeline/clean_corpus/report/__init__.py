"""The report: one offline page from the files of a run."""

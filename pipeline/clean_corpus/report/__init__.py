"""One offline page that shows what a run has done, made from its folder alone."""

from clean_corpus.report.page import write as write

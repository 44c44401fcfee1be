# clean-corpus as a step of another project's build.
#
#     include vendor/clean-corpus/clean-corpus.mk
#     $(eval $(call clean-corpus,news,data/articles,out/news,configs/news.toml))
#
#     model.bin: out/news/summary.json
#     	./train out/news/corpus
#
# gives the target `clean-corpus-news`, and a summary that changes only when the corpus does. All
# names begin with CLEAN_CORPUS_ (yours to set, also in the environment) or clean-corpus- (ours).
# Works with GNU make 3.81 and later. Explained in docs/in-your-build.md.

CLEAN_CORPUS_INPUT   ?=
CLEAN_CORPUS_OUTPUT  ?=
CLEAN_CORPUS_CONFIG  ?=
CLEAN_CORPUS_WORKERS ?=
# Further options of `clean-corpus run`, for every corpus: --set dedup.threshold=0.7
CLEAN_CORPUS_OPTIONS ?=
# Extras to install: warc, ray.
CLEAN_CORPUS_EXTRAS  ?=
# The folder of the private environment.
CLEAN_CORPUS_ENV     ?= $(clean-corpus-home)/.venv
# The Python (3.11 or later) that makes it; empty: the newest on PATH.
CLEAN_CORPUS_BASE_PYTHON ?=
# A Python that has clean-corpus already: nothing is installed then.
CLEAN_CORPUS_PYTHON  ?= $(clean-corpus-installed)

# Including this file is not to choose the first target of the host.
clean-corpus-goal := $(.DEFAULT_GOAL)

clean-corpus-empty :=
clean-corpus-space := $(clean-corpus-empty) $(clean-corpus-empty)
clean-corpus-quote = '$(subst ','\'',$(1))'

# The folder of this file. MAKEFILE_LIST ends with its path; blanks divide the list and may be part
# of a path, so the path is the longest tail of the list that is a file.
clean-corpus-home := $(shell set -f; list=$(call clean-corpus-quote,$(MAKEFILE_LIST)); set -- $$list; \
  until [ -f "$$*" ]; do shift || exit; done; cd "$$(dirname "$$*")" && pwd)
ifeq ($(clean-corpus-home),)
  $(error clean-corpus.mk cannot find its own folder in: $(MAKEFILE_LIST))
endif

# In an installed package there is no install.py; its environment is four folders up.
clean-corpus-installed := $(shell cd $(call clean-corpus-quote,$(clean-corpus-home)); \
  [ -f pipeline/install/install.py ] || { cd ../../../../bin 2>/dev/null && [ -x python ] && echo "$$(pwd)/python"; })

# -I: neither PYTHONPATH nor the host's own folders decide what is imported.
clean-corpus-tool = $(call clean-corpus-quote,$(or $(CLEAN_CORPUS_PYTHON),$(CLEAN_CORPUS_ENV)/bin/python)) -I

# $(call clean-corpus-command,INPUT,OUTPUT,CONFIG,OPTIONS): the command that cleans one corpus.
clean-corpus-command = $(clean-corpus-tool) -m clean_corpus run -o $(call clean-corpus-quote,$(2)) \
  $(if $(3),-c $(call clean-corpus-quote,$(3))) \
  $(if $(CLEAN_CORPUS_WORKERS),--workers $(CLEAN_CORPUS_WORKERS)) \
  $(CLEAN_CORPUS_OPTIONS) $(4) -- $(call clean-corpus-quote,$(1))

clean-corpus-plain = $(call clean-corpus-command,$(CLEAN_CORPUS_INPUT),$(CLEAN_CORPUS_OUTPUT),$(CLEAN_CORPUS_CONFIG))
clean-corpus-required = $(if $(CLEAN_CORPUS_$(1)),,$(error clean-corpus-run needs CLEAN_CORPUS_$(1)))

# $(call clean-corpus-install,EXTRAS): a command that makes the environment unless it is there.
clean-corpus-install = $(if $(CLEAN_CORPUS_PYTHON),:,sh $(call clean-corpus-quote,$(clean-corpus-home)/pipeline/install/install.sh) \
  $(call clean-corpus-quote,$(CLEAN_CORPUS_ENV)) $(call clean-corpus-quote,$(CLEAN_CORPUS_BASE_PYTHON)) $(1))

# $(eval $(call clean-corpus,NAME,INPUT,OUTPUT[,CONFIG[,OPTIONS]])): the targets of one corpus.
# The summary has a command, if an empty one: make then looks whether the tool has changed the file.
define clean-corpus
clean-corpus-goal := $$(.DEFAULT_GOAL)
.PHONY: clean-corpus-$(strip $(1))
clean-corpus-$(strip $(1)): clean-corpus-environment
	@$$(call clean-corpus-command,$(strip $(2)),$(strip $(3)),$(strip $(4)),$(strip $(5)))
$(subst $(clean-corpus-space),\ ,$(strip $(3)))/summary.json: clean-corpus-$(strip $(1))
	@:
.DEFAULT_GOAL := $$(clean-corpus-goal)
endef

.PHONY: clean-corpus-run clean-corpus-environment

clean-corpus-run: clean-corpus-environment
	@$(call clean-corpus-required,INPUT)$(call clean-corpus-required,OUTPUT)$(clean-corpus-plain)

clean-corpus-environment:
	@$(call clean-corpus-install,$(CLEAN_CORPUS_EXTRAS))

.DEFAULT_GOAL := $(clean-corpus-goal)

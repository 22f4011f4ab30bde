# Everything runs in .venv, made from requirements.lock. A second run does only what changed.
PYTHON ?= python3
PY := .venv/bin/python
INSTALL := $(PYTHON) tools/run/installing.py
TOOL := nbgrader
NBGRADER := .venv-nbgrader
OTTER := .venv-otter
PYTEST := $(PY) -m pytest -p tools --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg

# Where the environment says to write no byte code (many a container does), it goes into _build: else each of the tests' many
# processes would compile the libraries anew.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/_build/bytecode
endif

.PHONY: help serve lab book lite check format test notebooks exercises chapter studies clean bench limits lighthouse links reproducible trust class test-class pdf lock licences audit findings determinism test-matrix test-autodiff test-browsers libraries wheel
.DELETE_ON_ERROR:
.DEFAULT_GOAL := serve

help:                           ## every command, and what it does
	@awk -F ':.*## *' '/^[a-z-]+:.*##/ {printf "  make %-15s%s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

serve: book                     ## build the book and serve it on this machine
	$(PY) -m tools.run.serve

lab: .venv/installed            ## JupyterLab on your own copies, in my/
	$(PY) -m tools.run.lab

book: .venv/installed           ## the site, into _build/html
	$(PY) -m tools.make.book

lite: .venv/installed .venv-lite/installed     ## the site with JupyterLite in it; PYODIDE=folder hosts Pyodide too
	$(PY) -m tools.make.lite
	$(PY) -m tools.make.book

check: .venv/installed node_modules/installed      ## before each commit, about a minute: lint, types, spelling, JavaScript, package and checks; ARGS="ruff mypy" for some
	$(PY) -m tools.check.gate $(ARGS)

format: .venv/installed         ## put Python into ruff's form, and imports into its order
	$(PY) -m ruff check --quiet --select I --fix .
	$(PY) -m ruff format .

# For check alone: Node from a wheel, held to its hash, and by it what package-lock.json names. The stamp is written last.
NODE := _build/environments/node
$(NODE)/installed: requirements-node.txt
	$(INSTALL) $(NODE) --require-hashes -r requirements-node.txt

node_modules/installed: package.json package-lock.json $(NODE)/installed .venv/installed
	$(PY) -m tools.run.node npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

test: export PG_SKIPPED := $(CURDIR)/_build/skipped.jsonl
# There are as many processes as cores, and more: where each has a thread of linear algebra for each core too, they wait
# for one another with the processor in use.
test check: export OPENBLAS_NUM_THREADS := 1
test: .venv/installed           ## every test, the site's in a real browser
	-$(MAKE) --no-print-directory .venv-lite/installed
	$(PY) -m tools.run.chromium
	test ! -e .venv-lite/installed || $(PY) -m tools.make.lite
	$(PY) -m tools.make.book
	rm -f "$(PG_SKIPPED)"
	status=0; \
	$(PYTEST) -n auto --dist loadfile --no-loadscope-reorder tests $(wildcard notebooks solutions) $(ARGS) || status=1; \
	$(PY) -m tools.check.skipped "$(PG_SKIPPED)"; \
	exit $$status

notebooks: .venv/installed      ## run what changed and store its outputs; FORCE=1 runs all
	$(PY) -m tools.make.notebooks $(if $(FORCE),--force)

exercises: .venv/installed      ## exercises/ from solutions/
	$(PY) -m tools.make.exercises

chapter: .venv/installed        ## begin a chapter: NAME=actor-critic writes what it needs and says what is to be written
	$(PY) -m tools.make.chapter "$(NAME)"

studies: .venv/installed        ## the long runs whose results the labs plot
	for study in studies/[a-z]*.py; do test ! -e "$$study" || $(PY) -m studies.$$(basename "$$study" .py) || exit 1; done

libraries: .venv/installed      ## which gradient other people's libraries follow, each in an environment that is thrown away; ONLY="skrl pfrl" for some
	$(PY) -m studies.libraries.run $(ONLY)

wheel: .venv/installed          ## the package alone, as a file for another environment: _build/wheel/
	$(PY) -m tools.make.wheel

TRL := _build/environments/trl
bench: .venv-bench/installed    ## measure the book beside Stable-Baselines3 and PyTorch; ONLY="rollouts gradients" for some
	.venv-bench/bin/python -m benchmarks.run $(ONLY)
	$(if $(ONLY),,.venv-bench/bin/python -m benchmarks.ppo)
	$(if $(ONLY),,$(MAKE) --no-print-directory $(TRL)/installed)
	$(if $(ONLY),,$(TRL)/bin/python -m benchmarks.sorter_trl)
	$(if $(ONLY),,$(MAKE) --no-print-directory limits)

limits: book                    ## the last part of bench: is all as quick as it should be? ratios within one run; fails above a limit
	$(PY) -m tools.run.chromium
	$(PY) -m benchmarks.limits $(ARGS)

lighthouse: book                ## Lighthouse on one page of each kind (needs npm, which brings it into _build)
	$(PY) -m tools.run.chromium
	$(PY) -m benchmarks.lighthouse

.venv-bench/installed: benchmarks/requirements.txt constraints.txt
	$(INSTALL) .venv-bench -r benchmarks/requirements.txt --then --no-deps -e .

$(TRL)/installed: benchmarks/requirements-trl.txt constraints.txt
	$(INSTALL) $(TRL) -r benchmarks/requirements-trl.txt --then --no-deps -e .

trust: .venv/installed          ## attack the exercises' checks with every mutant; the page's table
	$(PY) -m tools.trust $(ARGS)

# By uv, by pip where uv cannot be had. The stamp is written last, so that a broken installation is begun again. The package
# itself comes without a look at any registry: its build tools are in the lock.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) tools/run/python_ok.py
	$(INSTALL) .venv --require-hashes -r requirements.lock --then --no-deps --no-build-isolation -e .

.venv-lite/installed: lite/requirements.txt
	$(INSTALL) .venv-lite --require-hashes -r lite/requirements.txt

class: .venv/installed          ## assignments with hidden tests and points, into class/: TOOL=nbgrader or otter, CHAPTER=03 (or all)
	$(PY) -m tools.make.class_ $(TOOL) $(CHAPTER)

test-class: .venv/installed $(NBGRADER)/installed $(OTTER)/installed     ## what both tools give to right and wrong work, nothing skipped
	PG_CLASS=1 PG_NBGRADER=$(NBGRADER) PG_OTTER=$(OTTER) $(PY) -m pytest tests/tools/test_class.py $(ARGS)

$(NBGRADER)/installed: constraints.txt
	$(INSTALL) $(NBGRADER) -c constraints.txt nbgrader==0.9.6 -e .

$(OTTER)/installed: constraints.txt
	$(INSTALL) $(OTTER) -c constraints.txt otter-grader==7.0.0 ipykernel -e .

pdf: book                       ## the book on paper, into _build/learning-to-act.pdf
	$(PY) -m tools.make.pdf

links: book                     ## ask the network about every link to another host (internal links are under `make test`)
	$(PY) -m tools.check.links --external

reproducible: .venv/installed   ## build two fresh clones in two places: the same bytes?
	$(PY) -m tools.check.reproducible

lock: .venv/installed           ## constraints.txt and requirements.lock from requirements.txt; ARGS=--upgrade takes the newest
	$(PY) -m tools.keep.lock $(ARGS)
	$(MAKE) --no-print-directory licences

licences: .venv/installed       ## the list of the locked packages' licences
	$(PY) -m tools.keep.licences

audit: .venv/installed          ## ask the network for known vulnerabilities of what is locked
	$(PY) -m tools.keep.audit

findings:                       ## are the surprises of other libraries still so? each script installs what it asks; NAME=rliable-few-runs for one
	failed=; for script in findings/$(or $(NAME),*).sh; do \
	  test -e "$$script" || { echo "There is no $$script."; exit 1; }; \
	  echo "$$script"; bash "$$script" || failed="$$failed $$script"; \
	done; \
	test -z "$$failed" || { echo "No longer so, or not installed:$$failed"; exit 1; }

determinism: .venv/installed    ## every notebook twice, on other Pythons, on older processors: the same outputs? (ARGS=--twice ...)
	$(PY) -m tools.check.determinism $(ARGS)

test-matrix: .venv/installed    ## the tests with the oldest and with the newest dependencies, in environments that are thrown away
	$(PY) -m tools.check.matrix $(ARGS)

test-browsers: .venv/installed   ## every explorable, quiz, practice page and one exercise in Firefox and WebKitGTK; ARGS="-k firefox" for one
	PG_BROWSERS=1 $(PY) -m pytest -s -rs tests/site/browsers $(ARGS)

AUTODIFF := _build/environments/autodiff
test-autodiff: $(AUTODIFF)/installed     ## hold the package against PyTorch and Stable-Baselines3; nothing is skipped
	PG_NOTHING_SKIPPED=1 $(AUTODIFF)/bin/python -m pytest -p no:cacheprovider tests/package/test_against_others.py tests/package/test_language_against_others.py tests/package/test_audit_with_torch.py $(ARGS)

$(AUTODIFF)/installed: requirements-autodiff.txt constraints.txt pyproject.toml
	$(INSTALL) $(AUTODIFF) -r requirements-autodiff.txt --then --no-deps --no-build-isolation -e .

clean:                          ## what can be made again; my/ stays
	rm -rf _build node_modules .stamps .pytest_cache .ruff_cache .hypothesis .venv .venv-lite .venv-bench $(NBGRADER) $(OTTER) *.egg-info

# Everything runs in .venv, made from requirements.lock. A second run does only what changed.
PYTHON ?= python3
PY := .venv/bin/python
TOOL := nbgrader
NBGRADER := .venv-nbgrader
OTTER := .venv-otter
NONE = $(if $(ARGS),[ $$? = 5 ] ||)        # of a selection, one half of the tests may have none
PYTEST := $(PY) -m pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg

.PHONY: serve lab book lite test notebooks exercises studies clean bench limits lighthouse links reproducible trust class test-class pdf lock licences audit determinism test-matrix test-autodiff test-browsers libraries wheel
.DELETE_ON_ERROR:

serve: book                     ## build the book and serve it on this machine
	$(PY) tools/serve.py

lab: .venv/installed            ## JupyterLab on your own copies, in my/
	$(PY) tools/lab.py

book: .venv/installed           ## the site, into _build/html
	$(PY) tools/build_book.py

lite: .venv/installed .venv-lite/installed     ## the site with JupyterLite in it; PYODIDE=folder hosts Pyodide too
	$(PY) tools/lite.py
	$(PY) tools/build_book.py

test: export PG_SKIPPED := $(CURDIR)/_build/skipped.jsonl
test: .venv/installed           ## every test, the site's in a real browser
	-$(MAKE) --no-print-directory .venv-lite/installed
	$(PY) tools/chromium.py
	test ! -e .venv-lite/installed || $(PY) tools/lite.py
	$(PY) tools/build_book.py
	rm -f $(PG_SKIPPED)
	status=0; \
	$(PYTEST) -n auto --dist loadfile tests $(wildcard notebooks solutions) --ignore tests/site $(ARGS) || $(NONE) status=1; \
	$(PYTEST) -n 2 --dist loadfile tests/site $(ARGS) || $(NONE) status=1; \
	$(PY) tools/skipped.py $(PG_SKIPPED); \
	exit $$status

notebooks: .venv/installed      ## run what changed and store its outputs; FORCE=1 runs all
	$(PY) tools/run_notebooks.py $(if $(FORCE),--force)

exercises: .venv/installed      ## exercises/ from solutions/
	$(PY) tools/make_exercises.py

studies: .venv/installed        ## the long runs whose results the labs plot
	for study in studies/*.py; do test ! -e "$$study" || $(PY) "$$study" || exit 1; done

libraries: .venv/installed      ## which gradient other people's libraries follow, each in an environment that is thrown away; ONLY="skrl pfrl" for some
	$(PY) studies/libraries/run.py $(ONLY)

wheel: .venv/installed          ## the package alone, as a file for another environment: _build/wheel/
	$(PY) tools/wheel.py

bench: .venv-bench/installed    ## measure the book beside Stable-Baselines3 and PyTorch; ONLY="rollouts gradients" for some
	.venv-bench/bin/python benchmarks/run.py $(ONLY)
	$(if $(ONLY),,$(MAKE) --no-print-directory limits)

limits: book                    ## the last part of bench: is all as quick as it should be? ratios within one run; fails above a limit
	$(PY) benchmarks/limits.py $(ARGS)

lighthouse: book                ## Lighthouse on one page of each kind (needs npm, which brings it into _build)
	$(PY) benchmarks/lighthouse.py

.venv-bench/installed: benchmarks/requirements.txt constraints.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python tools/installing.py .venv-bench/bin/python -m pip install --disable-pip-version-check -r benchmarks/requirements.txt
	.venv-bench/bin/python tools/installing.py .venv-bench/bin/python -m pip install --disable-pip-version-check --no-deps -e .
	touch $@

trust: .venv/installed          ## attack the exercises' checks with every mutant; the page's table
	$(PY) tools/trust.py $(ARGS)

# The stamp is written last, so that a broken installation is begun again. The package itself comes without a look at
# any registry: its build tools are in the lock.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) tools/check_python.py
	@test -x $(PY) || echo "Installing what the book needs into .venv: about 900 MB, once, some minutes without a word."
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) tools/installing.py $(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) tools/installing.py $(PY) -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv-lite/installed: lite/requirements.txt
	test -x .venv-lite/bin/python || $(PYTHON) -m venv .venv-lite
	.venv-lite/bin/python tools/installing.py .venv-lite/bin/python -m pip install --disable-pip-version-check --require-hashes -r lite/requirements.txt
	touch $@

class: .venv/installed          ## assignments with hidden tests and points, into class/: TOOL=nbgrader or otter, CHAPTER=03 (or all)
	$(PY) tools/make_class.py $(TOOL) $(CHAPTER)

test-class: .venv/installed $(NBGRADER)/installed $(OTTER)/installed     ## what both tools give to right and wrong work, nothing skipped
	PG_CLASS=1 PG_NBGRADER=$(NBGRADER) PG_OTTER=$(OTTER) $(PY) -m pytest tests/test_class.py $(ARGS)

$(NBGRADER)/installed: constraints.txt
	test -x $(NBGRADER)/bin/python || $(PYTHON) -m venv $(NBGRADER)
	$(NBGRADER)/bin/python tools/installing.py $(NBGRADER)/bin/python -m pip install --disable-pip-version-check -c constraints.txt nbgrader==0.9.6 -e .
	touch $@

$(OTTER)/installed: constraints.txt
	test -x $(OTTER)/bin/python || $(PYTHON) -m venv $(OTTER)
	$(OTTER)/bin/python tools/installing.py $(OTTER)/bin/python -m pip install --disable-pip-version-check -c constraints.txt otter-grader==7.0.0 ipykernel -e .
	touch $@

pdf: book                       ## the book on paper, into _build/learning-to-act.pdf
	$(PY) tools/make_pdf.py

links: book                     ## ask the network about every link to another host (internal links are under `make test`)
	$(PY) tools/check_links.py --external

reproducible: .venv/installed   ## build two fresh clones in two places: the same bytes?
	$(PY) tools/reproducible.py

lock: .venv/installed           ## constraints.txt and requirements.lock from requirements.txt; ARGS=--upgrade takes the newest
	$(PY) tools/lock.py $(ARGS)
	$(MAKE) --no-print-directory licences

licences: .venv/installed       ## the list of the locked packages' licences
	$(PY) tools/licences.py

audit: .venv/installed          ## ask the network for known vulnerabilities of what is locked
	$(PY) tools/audit.py

determinism: .venv/installed    ## every notebook twice, on other Pythons, on older processors: the same outputs? (ARGS=--twice ...)
	$(PY) tools/determinism.py $(ARGS)

test-matrix: .venv/installed    ## the tests with the oldest and with the newest dependencies, in environments that are thrown away
	$(PY) tools/test_matrix.py $(ARGS)

test-browsers: .venv/installed   ## every explorable, quiz, practice page and one exercise in Firefox and WebKitGTK; ARGS="-k firefox" for one
	PG_BROWSERS=1 $(PY) -m pytest -s -rs tests/site/browsers $(ARGS)

AUTODIFF := _build/environments/autodiff
test-autodiff: $(AUTODIFF)/installed     ## hold the package against PyTorch and Stable-Baselines3; nothing is skipped
	PG_NOTHING_SKIPPED=1 $(AUTODIFF)/bin/python -m pytest -p no:cacheprovider tests/test_against_others.py tests/test_audit_with_torch.py $(ARGS)

$(AUTODIFF)/installed: requirements-autodiff.txt constraints.txt pyproject.toml
	test -x $(AUTODIFF)/bin/python || $(PYTHON) -m venv $(AUTODIFF)
	$(AUTODIFF)/bin/python tools/installing.py $(AUTODIFF)/bin/python -m pip install --disable-pip-version-check -r requirements-autodiff.txt
	$(AUTODIFF)/bin/python tools/installing.py $(AUTODIFF)/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:                          ## what can be made again; my/ stays
	rm -rf _build .stamps .pytest_cache .ruff_cache .venv .venv-lite $(NBGRADER) $(OTTER) *.egg-info

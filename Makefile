# Everything sets itself up: `make run` starts the camera (or a demonstration where there is none),
# `make test` runs the quick tests, `make test-slow` the others, `make check` both, lint and types.
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
EXTRAS := dev,app

.PHONY: help setup run test test-slow test-vm test-promises endurance lint types check eval-smoke format translations clean

help:
	@echo "make run     start DeepPrivacy Cam; without camera and screen, a demonstration video"
	@echo "make test    the tests, without those of more than some seconds: minutes"
	@echo "make test-slow   these, and what measures time"
	@echo "make test-vm  the camera on a real driver and in a browser, in a virtual machine"
	@echo "make test-promises  what docs/privacy.md promises (tests/promises/README.md)"
	@echo "make endurance  thousands of commands against the app (7 minutes)"
	@echo "make check   tests, lint and types, as CI does"
	@echo "make eval-smoke  a short evaluation that fails when a promise is broken"
	@echo "make format  let ruff format the code"
	@echo "make translations  collect the texts of the windows and compile their translations"
	@echo "make wheel, bundle, deb, release   what people install, into dist"
	@echo "make check-packages   start each of them (root and network for the .deb in a chroot)"
	@echo "make clean   remove the environment and caches"

setup: $(STAMP)

$(STAMP): pyproject.toml packaging/setup-venv.sh
	@bash packaging/setup-venv.sh "$(VENV)" "$(EXTRAS)"

run: $(STAMP)
	@$(VENV)/bin/deepcam demo

# In as many processes as there are cores.
PARALLEL = -n logical --maxprocesses 4 --dist worksteal
test: $(STAMP)
	@$(PY) -m pytest -m "not slow and not alone" $(PARALLEL)

# What measures time, memory or silence follows by itself.
test-slow: $(STAMP)
	@$(PY) -m pytest -m "slow and not alone" $(PARALLEL)
	@$(PY) -m pytest -m alone

# Real V4L2 devices and a real browser in an emulated machine: half an hour.
test-vm: $(STAMP)
	@DEEPCAM_VM=1 $(PY) -m pytest tests/platform/test_vm_camera.py

# What docs/privacy.md promises (tests/promises/README.md); part of "make test" too.
test-promises: $(STAMP)
	@$(PY) -m pytest tests/promises -m "not alone" $(PARALLEL)

endurance: $(STAMP)
	@$(PY) -m deepcam.app.endurance

lint: $(STAMP)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: $(STAMP)
	@$(VENV)/bin/mypy

check: test test-slow lint types

SHARED ?= $(or $(DEEPCAM_SHARED),../shared)

# STORE=1 keeps the new figures as the ones to compare with.
eval-smoke:
	@if [ ! -d "$(SHARED)/clips" ] || [ ! -d "$(SHARED)/faces" ]; then \
	    echo "Skipped: the evaluation material is not in $(SHARED) (set DEEPCAM_SHARED)."; \
	else \
	    $(MAKE) --no-print-directory $(VENV)/.recognizer && \
	    $(VENV)/bin/deepcam evaluate "$(SHARED)" --smoke $(if $(STORE),--store) \
	        --output build/evaluation && \
	    $(VENV)/bin/deepcam evaluate "$(SHARED)" --coverage --smoke $(if $(STORE),--store) \
	        --output build/evaluation; \
	fi

$(VENV)/.recognizer: $(STAMP) packaging/setup-eval.sh
	@bash packaging/setup-eval.sh "$(VENV)"

format: $(STAMP)
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

# After a text of the windows has changed: run, translate what is unfinished in the .ts files, run
# again. English has only its plural forms.
TS := deepcam/app/translations/deepcam
translations: $(STAMP)
	@$(VENV)/bin/pyside6-lupdate -silent -no-obsolete -locations none $(wildcard deepcam/app/*.py) \
	    -ts $(TS)_de.ts $(TS)_nb.ts
	@$(VENV)/bin/pyside6-lupdate -silent -pluralonly -no-obsolete -locations none \
	    $(wildcard deepcam/app/*.py) -ts $(TS)_en.ts
	@for one in de nb en; do $(VENV)/bin/pyside6-lrelease $(TS)_$$one.ts -qm $(TS)_$$one.qm; done

# What people install: dist/*.whl, dist/deepcam (one folder), dist/*.deb; see docs/packaging.md.
.PHONY: wheel bundle deb sbom release check-packages
wheel: $(STAMP)
	@mkdir -p dist
	@$(PY) -m pip wheel -q --disable-pip-version-check --no-deps -w dist .
	@ls -1 dist/*.whl

bundle:
	@bash packaging/bundle/build.sh

dist/deepcam/deepcam:
	@bash packaging/bundle/build.sh

sbom: dist/deepcam/deepcam
	@test -x build/release-venv/bin/cyclonedx-py || { build/bundle-venv/bin/python -m venv build/release-venv \
	    && build/release-venv/bin/python -m pip install -q 'cyclonedx-bom>=5'; }
	@build/release-venv/bin/python packaging/release.py sbom

deb: sbom
	@bash packaging/deb/build.sh

# The bundle is made anew: what lies there may be older than the sources.
release: bundle wheel deb
	@XZ_OPT='-2 -T2' tar -C dist --owner=0 --group=0 -cJf dist/.bundle.part deepcam
	@mv dist/.bundle.part dist/deepprivacy-cam-linux-$$(uname -m).tar.xz
	@$(PY) packaging/release.py notes

# Each of them started as its users will; a quarter of an hour.
check-packages: wheel deb
	@for one in wheel venv bundle deb; do packaging/check.sh $$one || exit 1; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist

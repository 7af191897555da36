# Glassbox: `make run` starts the app, `make test` runs every test. Both may be called again at any time.

PYTHON ?=
PORT ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin/python
PIP := $(BIN) -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test benchmark screenshots

help:
	@echo "make run          install what the app needs into $(VENV) and start it (PORT=8501 chooses the port)"
	@echo "make test         install what the tests need, find or install Chromium, run every test (ARGS=\"-k home\" picks some)"
	@echo "make benchmark    run every benchmark and write benchmarks/RESULTS.md; let nothing else run meanwhile"
	@echo "make screenshots  take the pictures of README.md from the real app"

run: $(VENV)/.app
	@echo "Glassbox starts; its address follows. Ctrl-C ends it."
	@exec $(BIN) -m streamlit run app.py --server.showEmailPrompt false $(if $(PORT),--server.port $(PORT))

test: $(VENV)/.dev
	@chromium="$$(sh scripts/find_chromium.sh install)" && export CHROMIUM="$$chromium" && \
	echo "Running the tests with $$chromium" && exec $(BIN) -m pytest -n 2 --dist loadfile $(ARGS)

benchmark: $(VENV)/.dev
	@chromium="$$(sh scripts/find_chromium.sh install)" && export CHROMIUM="$$chromium" && exec $(BIN) -m benchmarks $(ARGS)

screenshots: $(VENV)/.dev
	@chromium="$$(sh scripts/find_chromium.sh install)" && export CHROMIUM="$$chromium" && exec $(BIN) -m scripts.screenshots $(ARGS)

# Stamps: an environment is made once, and filled again only when its requirements have changed.
$(VENV)/.made:
	@sh scripts/make_venv.sh $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.app: requirements.txt $(VENV)/.made
	@echo "Installing requirements.txt into $(VENV) (the first time takes some minutes)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt $(VENV)/.made
	@echo "Installing requirements-dev.txt into $(VENV) (the first time takes some minutes)"
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/.app $@

# Everything a checkout can do. `make run` on a bare machine needs Python 3.11 or 3.12, git and make.

.DEFAULT_GOAL := help
.PHONY: help run test check coverage bench bench-peers bench-nautilus kafka clean FORCE

python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check --no-input
peer_packages := wickra vpin-lab flowrisk orderflow-metrics
rooms := operators connectors configs flows
toxicity := operators/toxicity.py,operators/classify.py,operators/buckets.py,operators/bars.py
workers := --maxprocesses 8 --dist worksteal
PORT := 9092

help:
	@echo 'make run          install what is missing and trade the default profile (ARGS="--config FILE ...")'
	@echo 'make test         install what is missing and pass the tests (ARGS="-k NAME")'
	@echo 'make check        formatting, lint, types, and which way imports point'
	@echo 'make coverage     run the tests of operators/ interpreted, and hold their coverage'
	@echo 'make bench        measure, beside peers (ARGS=...)'
	@echo 'make bench-peers  measure VPIN beside the same measure in other packages'
	@echo 'make bench-nautilus  measure the graph beside the engine of NautilusTrader'
	@echo 'make kafka        start a broker of Apache Kafka on loopback (PORT=9092); needs Java 17 and Maven'
	@echo 'make clean        remove what the above installed and cached; runs stay'
	@echo
	@echo 'Python 3.11 or 3.12 is looked for; make PYTHON=/path/to/python3.12 run names one.'

run: .venv/run
	@.venv/bin/phoenix run $(ARGS)

# Many tests wait for other processes or for time to pass: three workers keep two cores busy.
# Out of bounds is silent in compiled code unless this is set before Numba is imported.
test: .venv/dev .venv/peer
	@NUMBA_BOUNDSCHECK=1 $(python) -m pytest -n $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )) $(workers) $(ARGS)

check: .venv/dev
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	.venv/bin/lint-imports --no-logo --cache-dir .cache/imports

# Compiled code shows a tracer nothing, so the rules run as ordinary Python here.
coverage: .venv/dev
	@rm -f .cache/coverage*
	@NUMBA_DISABLE_JIT=1 $(python) -m coverage run -m pytest -qq -n auto $(workers) operators tests/operators
	@$(python) -m coverage combine --quiet
	@$(python) -m coverage report --fail-under=95
	@$(python) -m coverage report --fail-under=100 --include='operators/vpin*.py,$(toxicity)'

bench: .venv/dev .venv/peer
	@$(python) -m benchmarks $(ARGS)

bench-peers: .venv/dev .venv-peers/made
	@$(python) -m benchmarks vpin_against_peers $(ARGS)

bench-nautilus: .venv/dev .venv-nautilus/made
	@$(python) -m benchmarks graph_against_nautilus $(ARGS)

kafka: .cache/kafka/made
	@echo 'Apache Kafka at 127.0.0.1:$(PORT), until Ctrl-C; what it keeps stays in .cache/kafka/broker'
	@sh tools/kafka/serve .cache/kafka/lib .cache/kafka/broker $(PORT) $$(($(PORT) + 1))

clean:
	rm -rf .venv .venv-peers .venv-nautilus .cache build dist
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# Installing. Each stamp is newer than what it was made from, so a second call does nothing.

.venv/made: FORCE
	@sh tools/make-venv '$(PYTHON)'

.venv/run: .venv/made pyproject.toml constraints.txt
	@echo 'Installing Phoenix into .venv'
	@sh tools/quietly .venv/run.log $(pip) install -c constraints.txt -e .
	@touch $@

.venv/dev: .venv/run
	@echo 'Installing what tests and checks need into .venv'
	@sh tools/quietly .venv/dev.log $(pip) install -c constraints.txt -e '.[dev]'
	@touch $@

# The peer of the equality test may be missing: that test is then skipped with a reason.
.venv/peer: .venv/dev
	@if $(pip) install --retries 1 --no-deps -c constraints.txt hftbacktest >.venv/peer.log 2>&1 \
	  && $(python) -c 'import hftbacktest' >>.venv/peer.log 2>&1; \
	then touch $@; \
	else echo 'hftbacktest could not be installed (.venv/peer.log says why): what is compared with it is skipped'; \
	fi

# Other packages' VPIN, which wants another NumPy than Numba does. Each may be missing: it is skipped with a reason.
.venv-peers/made: .venv/run benchmarks/peers.txt
	@echo 'Installing other packages into .venv-peers'
	@sh tools/quietly .venv/peers.log $(python) -m venv --clear .venv-peers
	@for peer in $(peer_packages); \
	  do .venv-peers/bin/python -m pip --disable-pip-version-check --no-input \
	    install --retries 1 -c benchmarks/peers.txt "$$peer" >>.venv/peers.log 2>&1 \
	  || echo "$$peer could not be installed (.venv/peers.log says why)"; done
	@touch $@

# The newest engine wants Python 3.12: it is taken where there is one. It may be missing: it is skipped with a reason.
.venv-nautilus/made: .venv/run benchmarks/nautilus.txt
	@echo 'Installing NautilusTrader into .venv-nautilus'
	@for each in python3.12 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.12*/bin/python $(python); \
	  do found=$$(sh tools/find-python "$$each" 2>/dev/null) && break; done; \
	  sh tools/quietly .venv/nautilus.log "$$found" -m venv --clear .venv-nautilus
	@if .venv-nautilus/bin/python -m pip --disable-pip-version-check --no-input \
	    install --retries 1 -r benchmarks/nautilus.txt >>.venv/nautilus.log 2>&1; \
	then touch $@; \
	else echo 'NautilusTrader could not be installed (.venv/nautilus.log says why): what is compared with it is skipped'; \
	fi

# A broker is what its project publishes for the Java machine. Tests that need one are skipped without.
.cache/kafka/made: tools/kafka/pom.xml
	@echo 'Gathering Apache Kafka in .cache/kafka'
	@mkdir -p .cache/kafka && rm -rf .cache/kafka/lib
	@sh tools/quietly .cache/kafka/maven.log mvn -B -f tools/kafka/pom.xml dependency:copy-dependencies \
	  -DincludeScope=runtime -DoutputDirectory='$(CURDIR)/.cache/kafka/lib'
	@touch $@

# Every command a person needs; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
UV_COMPILE := $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"

.venv: requirements-dev.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet -r requirements-dev.txt
	@touch .venv

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the whole service here, with embedded servers
	./quick-start.sh

.PHONY: test
test: ## run the tests; make test args="tests/test_config.py -k secret"
	./quick-start.sh test $(args)

.PHONY: check-compose
check-compose: .venv ## try docker-compose.yml on a Docker engine
	$(PYTHON) deploy/check_compose.py

.PHONY: replay
replay: ## send every request of the five documents and write docs/replay.md
	./quick-start.sh test tests/replay --replay-table docs/replay.md

.PHONY: lint
lint: .venv ## check style, types and import order
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c "from importlinter.cli import lint_imports_command as main; main()"

.PHONY: format
format: .venv ## format the code and repair what ruff can
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

.PHONY: types
types: .venv ## check the types only
	$(PYTHON) -m mypy

.PHONY: bench
bench: .venv ## measure speed; see benchmarks/
	$(PYTHON) -m benchmarks $(args)

.PHONY: screenshots
screenshots: .venv ## take the pictures of the board that the documents show
	PYTHONPATH=tests/support $(PYTHON) docs/take_screenshots.py

.PHONY: requirements
requirements: .venv ## resolve requirements*.in to exact pins (add -U: make requirements args=-U)
	$(UV_COMPILE) $(args) requirements.in -o requirements.txt
	$(UV_COMPILE) $(args) requirements-dev.in -o requirements-dev.txt

.PHONY: config-examples
config-examples: .venv ## write config.example.py and .env.example from the settings
	$(PYTHON) -m app.config.examples

.PHONY: permissions
permissions: .venv ## write docs/permissions.md from the table of permissions
	$(PYTHON) -m app.projects.permissions_doc

.PHONY: openapi
openapi: .venv ## write the OpenAPI document to docs/openapi.json
	@# Nothing is connected to; the settings only have to be there.
	SECRET_KEY=for-writing-the-document-and-nothing-else DATABASE_URL=postgresql://none/none \
	REDIS_URL=redis://none $(PYTHON) -m flask openapi write --format=json docs/openapi.json

.PHONY: postman
postman: openapi ## write the Postman collection to docs/postman_collection.json
	$(PYTHON) -m app.web.postman > docs/postman_collection.json

.PHONY: clean
clean: ## remove caches and build leftovers; data in instance/ stays
	rm -rf .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis build dist htmlcov
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

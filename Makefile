# What people run; .ci/run takes its steps from here. `make` alone lists it.

GO        ?= go
PACKAGES  ?= ./...
FUZZTIME  ?= 10s
N         ?= 200
SEED      ?= 0
GOLANGCI  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
LDFLAGS   := -s -w
TESTFLAGS ?=
# The race detector looks at what is written here. SQLite is C made into Go, plain
# functions over memory of its own, and would take four times as long under it. What
# is beside it must not be left out: generic code is shared with whoever comes first.
# Nor are pointers checked there, which C casts as it likes.
RACE      := -race '-gcflags=modernc.org/...=-d=checkptr=0' '-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0'
# And it has nothing to find where whole programs are driven, which are built without
# it, nor in the simulation, in which one thing happens after the other.
WHOLES    := %/internal/e2e %/internal/sim
LISTED     = $(or $(shell $(GO) list $(PACKAGES)),$(error no packages in $(PACKAGES)))

SEEDS     ?= 200
STEPS     ?= 1000
ENGINE    ?= sqlite

.DEFAULT_GOAL := help
.PHONY: help run test test-parts test-wholes kill-loop sim bite short cover golden screens fuzz lint fmt build docker clean

help: ## List what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run everything here with simulated phones and money, then open the printed URL.
	$(GO) run ./cmd/voicepact dev

test: ## Run all tests on PostgreSQL, Redis and Chromium, which are found or installed.
	$(GO) vet $(PACKAGES)
	$(MAKE) --no-print-directory -j 2 test-parts test-wholes

test-parts:
	$(if $(filter-out $(WHOLES),$(LISTED)),scripts/with-services \
		$(GO) test $(RACE) -timeout 20m $(TESTFLAGS) $(filter-out $(WHOLES),$(LISTED)))

test-wholes:
	$(if $(filter $(WHOLES),$(LISTED)),scripts/with-services \
		$(GO) test -p 1 -timeout 20m $(TESTFLAGS) $(filter $(WHOLES),$(LISTED)))

kill-loop: ## Kill gateways, PostgreSQL and Redis under load N times (200), looking at the books after each.
	$(GO) test ./internal/e2e -run '^TestKillLoop$$' -v -timeout 0 -rounds $(N) -seed $(SEED)

bite: ## Break every guard of the money, one at a time, and demand that the tests notice.
	scripts/with-services $(GO) run ./internal/bite

short: ## Run what needs no server, browser or C compiler: SQLite and an in-process Redis.
	env -u CI -u TEST_DATABASE_URL -u TEST_REDIS_URL CGO_ENABLED=0 $(GO) test -short $(TESTFLAGS) $(PACKAGES)

sim: ## Play SEEDS (200) whole systems with faults, STEPS (1000) each; SEED=n replays one, ENGINE=postgres.
	$(if $(filter postgres,$(ENGINE)),scripts/with-services) env TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}") \
		$(GO) test ./internal/sim -run TestSeeds -v -count 1 -timeout 0 \
		-sim.seeds $(SEEDS) -sim.seed $(SEED) -sim.steps $(STEPS) -sim.engine $(ENGINE)

cover: ## Show which lines the tests do not reach.
	scripts/with-services $(GO) test -coverpkg=$(PACKAGES) -coverprofile=coverage.out $(PACKAGES)
	$(GO) tool cover -func=coverage.out | tail -1
	$(GO) tool cover -html=coverage.out -o coverage.html

golden: ## Rewrite golden files with what the tests got; read the diff before you keep it.
	scripts/with-services $(GO) test -update $$($(GO) list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' \
		$(PACKAGES) | awk '/internal\/testkit/ { print $$1 }')

screens: ## Take the pictures in docs/screens again, by its transcripts; read what they say.
	$(GO) test ./internal/e2e -run '^TestScreens$$' -v -count 1 -timeout 20m -screens

fuzz: ## Run every fuzz target for FUZZTIME (10s).
	scripts/fuzz $(FUZZTIME)

lint: ## Run all linters; built once, by the Go toolchain.
	$(GO) run $(GOLANGCI) run $(PACKAGES)

fmt: ## Format all Go files.
	$(GO) run $(GOLANGCI) fmt

build: ## Build the static binary bin/voicepact.
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/voicepact ./cmd/voicepact

docker: ## Build the container image voicepact.
	docker build -t voicepact .

clean: ## Remove what was built. Data of `make run` stays.
	rm -rf bin coverage.out coverage.html

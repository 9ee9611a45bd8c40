# `make help` lists the targets. Each one does all the set-up that it needs.
.DEFAULT_GOAL := help
.PHONY: help setup build demo profile test docs format lint install clean fuzz parts check-real differential check-all bench instructions bench-peers

PREFIX ?= /usr/local
RELEASE := .build/release/promgate

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: ## Install the Debian packages that the build needs
	@scripts/setup

# One file that starts in 3 ms: Swift's libraries inside, no symbols, and a fixed place in memory (a
# hundred thousand relocations less). What the tests check at each access is not checked again (docs/decisions/0011).
RELEASE_FLAGS := --static-swift-stdlib -Xlinker -s -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc -no-pie \
	-Xswiftc -enforce-exclusivity=unchecked

# Laid out after a record of what runs how often, where the toolchain can read it.
PROFILE := $(CURDIR)/Benchmarks/profile/release.profdata
PROFILE_FLAGS = $(if $(shell "$$(dirname "$$(readlink -f "$$(command -v swift)")")"/llvm-profdata show "$(PROFILE)" 2>/dev/null),-Xswiftc -Xfrontend -Xswiftc "-ir-profile-use=$(PROFILE)")

build: setup ## Build the release binary (.build/release/promgate)
	swift build -c release --product promgate $(RELEASE_FLAGS) $(PROFILE_FLAGS)

profile: setup ## Record anew what runs how often, for the compiler (Benchmarks/profile)
	Benchmarks/profile/record.sh $(RELEASE_FLAGS)

demo: build ## One canary promoted, another one rolled back, on this machine
	$(RELEASE) demo

# One test after the other: some play real servers and clients, and want the machine to themselves.
test: setup ## Build and run all tests, and count the instructions of some benchmarks
	swift test --no-parallel
	$(MAKE) instructions

# The harness is a package of its own: nobody else builds it.
BENCHMARKS := swift build -c release --package-path Benchmarks --product parts -Xswiftc -use-ld=lld -Xlinker -s

bench: setup ## Measure the parts in the process: time, and what the hardware would allow
	$(BENCHMARKS)
	Benchmarks/.build/release/parts

instructions: setup ## Count instructions with callgrind, and hold them against the record
	@command -v valgrind >/dev/null || { [ "$$(id -u)" -eq 0 ] && apt-get install -y --no-install-recommends valgrind >/dev/null 2>&1; } || true
	@command -v valgrind >/dev/null || echo "instructions: skipped, valgrind is not here (apt-get install valgrind)"
	@! command -v valgrind >/dev/null || { $(BENCHMARKS) && python3 Benchmarks/instructions.py Benchmarks/.build/release/parts; }

docs: setup ## Write the pages that come from tables: functions, language, lint rules
	PROMGATE_WRITE_DOCS=1 swift test --filter "DocumentTests|ReportTests"

format: ## Lay out all sources
	swift format --in-place --recursive --parallel Package.swift Sources Tests

lint: ## Check the layout of all sources
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

install: build ## Copy the release binary to PREFIX/bin (default /usr/local)
	install -D -m 755 $(RELEASE) $(DESTDIR)$(PREFIX)/bin/promgate

clean: ## Remove what was built
	rm -rf .build

fuzz: setup ## Compare engine and reference on CASES random queries (default 200000) from SEED on
	PROMGATE_CASES=$(or $(CASES),200000) PROMGATE_SEED=$(or $(SEED),$(shell date +%s)) swift test -c release -Xswiftc -enable-testing --filter "PropertyTests|FuzzTests"

# Real parts to check against, from Debian's packages; kept outside of the tree for the next run.
PARTS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/promgate
PEERS := $(PARTS)/peers
CLUSTER := $(PARTS)/cluster

parts: setup
	scripts/peers $(PEERS) prometheus promtool victoria-metrics
	@Tests/Cluster/build.sh $(CLUSTER) || echo "parts: Debian's unstable release did not deliver a Kubernetes API server; its checks are skipped"

check-real: build parts ## Check against a real Prometheus, promtool, VictoriaMetrics and API server: minutes
	python3 Tests/Differential/all.py $(RELEASE) $(PEERS) $(CLUSTER) .build/checks

differential: check-real

check-all: build parts ## The same with all their cases: an hour or more; writes docs/checks.md
	python3 Tests/Differential/all.py $(RELEASE) $(PEERS) $(CLUSTER) .build/checks --full --report docs/checks.md

bench-peers: build ## Measure beside Prometheus and VictoriaMetrics (SERIES, HOURS, SEED, REPEAT, ROAD)
	scripts/peers $(PEERS) prometheus promtool victoria-metrics
	Benchmarks/peers/run.sh $(RELEASE) $(PEERS) .build/bench-peers $(or $(SERIES),10000) $(or $(HOURS),6) $(or $(SEED),1) $(or $(REPEAT),5) $(or $(ROAD),scraped)

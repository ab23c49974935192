#!/bin/sh
# Ten thousand damaged inputs, new ones at each run: certwright openssl
# asn1parse ends as openssl's does, and prints the same tree.
. "$(dirname "$0")/lib/checks"
cd "$here/.."
holds "asn1parse on 10000 mutated inputs" env MUTATIONS=10000 go test ./internal/front/openssl -run 'TestMutatedTrees|TestKeptTrees' -count 1 -v
finish

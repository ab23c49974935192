#!/bin/sh
# The commands that documentation has people type for certificates print the
# same with openssl and with certwright under that name:
# only keys, serial numbers, times and signatures differ.
. "$(dirname "$0")/lib/checks"

# masked leaves of a text what does not depend on keys, numbers drawn at random
# and the time.
masked() {
	sed -E \
		-e '/^[.+*-]*$/d' -e '/:error:/d' \
		-e 's/[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){3,}:?/HEX/g' \
		-e 's/serial=[0-9A-F]+/serial=NUMBER/' -e 's/: [0-9A-F]{30,}/: NUMBER/' \
		-e 's/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] [0-9:]{8} ([A-Z]{3} )?[0-9]{4}( GMT)?/TIME/g' \
		-e 's/^ +[0-9a-f]{2}(:[0-9a-f]{2}){0,2}$/HEX/' -e 's/^[0-9a-f]{8}(\.0)?$/HASH/' \
		-e 's/^[A-Za-z0-9+=\/]{20,}$/BASE64/' |
		awk '{ same = $0 ~ /^ *(HEX|BASE64)$/ } same && before { next } { before = same; print }'
}

: >output
mkdir theirs ours links
ln -s "$certwright" links/openssl
(cd theirs && sh "$here/lib/usual-commands") >theirs.out 2>&1
(cd ours && PATH=$scratch/links:$PATH && sh "$here/lib/usual-commands") >ours.out 2>&1
masked <theirs.out >theirs.masked
masked <ours.out >ours.masked
holds "the usual commands print the same" diff theirs.masked ours.masked
holds "and there is something to compare" test "$(wc -l <ours.masked)" -gt 200
grep '^=> ' theirs.out >theirs.codes
grep '^=> ' ours.out >ours.codes
holds "they end with the same codes" diff theirs.codes ours.codes
finish

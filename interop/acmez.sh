#!/bin/sh
# The ACME library of Caddy (github.com/mholt/acmez) proves names by
# dns-account-01, renews at the time that the server suggests, naming what it
# replaces, and fulfils a challenge of dns-persist-01.
. "$(dirname "$0")/lib/checks"
(cd "$here/acmez" && go build -o "$scratch/bin/acmez" .) || exit 1

# shellcheck disable=SC2046
set -- $(python3 -c 'import socket
all = [socket.socket() for _ in range(3)]
[s.bind(("127.0.0.1", 0)) for s in all]
print(*[s.getsockname()[1] for s in all])')
listen=$1 dns=$2 manage=$3
mkdir home
cat >home/config.yaml <<E
server: { listen: "127.0.0.1:$listen", plain-listen: "off", names: [localhost, 127.0.0.1] }
acme:
  resolvers: ["127.0.0.1:$dns"]
  caa-identities: [ca.test]
  challenges: [dns-account-01, dns-persist-01]
E
certwright serve --ready-file ready.json >serve.log 2>&1 &
serving=$!
pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" \
	-defaultIPv4 127.0.0.1 -defaultIPv6 "" -management "127.0.0.1:$manage" >dns.log 2>&1 &
naming=$!
trap 'kill $serving $naming 2>/dev/null; wait; rm -rf "$scratch"' EXIT
until_ok 50 test -s ready.json
until_ok 50 curl -s "127.0.0.1:$manage" >/dev/null

z() { acmez -directory "https://127.0.0.1:$listen/acme/directory" -root home/root.crt -manage "127.0.0.1:$manage" "$@"; }
verified() { openssl verify -CAfile home/root.crt -untrusted cert.pem -verify_hostname "$1" cert.pem; }
serial() { openssl x509 -in cert.pem -noout -serial | cut -d= -f2 | tr A-F a-f; }

holds "dns-account-01" z a.test www.a.test
holds "the chain verifies" verified www.a.test
holds "a wildcard by dns-account-01" z -out wild.pem '*.wild.test'
says  "the certificate is for the wildcard" "DNS:*.wild.test" openssl x509 -in wild.pem -noout -ext subjectAltName
first=$(serial)
says  "is not renewed before the window" "not before" z -renew a.test www.a.test
says  "the certificate is the same still" "$first" serial
holds "the certificate is revoked by the operator" certwright revoke "$first" --reason superseded --yes
says  "is renewed at once, as the window says" "it is time" z -renew a.test www.a.test
holds "the new one verifies" verified a.test
second=$(serial)
fails "it is another certificate" test "$first" = "$second"
says  "it is recorded as the renewal" "$first" certwright show "$second" --output json
says  "its own window is to come" "not before" z -renew a.test www.a.test
holds "dns-persist-01" z -method dns-persist-01 -out persist.pem persist.test
says  "the certificate is for the name" "DNS:persist.test" openssl x509 -in persist.pem -noout -ext subjectAltName
holds "the audit chain holds" certwright audit verify
fails "nothing went wrong inside" grep -E 'level=ERROR|panic' serve.log
finish

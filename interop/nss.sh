#!/bin/sh
# Our chain under the eyes of NSS, the library of Firefox.
. "$(dirname "$0")/lib/checks"

certwright request new --new-key ecdsa-p256 --key-out n.key --subject CN=n.example --san dns:n.example --out n.csr >/dev/null 2>&1
holds "quickstart signs a request" certwright quickstart n.csr
mkdir nss
certutil -N -d sql:nss --empty-password
holds "NSS takes the root" certutil -A -d sql:nss -n root -t C,, -i root.crt
openssl crl2pkcs7 -nocrl -certfile n.crt | openssl pkcs7 -print_certs -outform PEM 2>/dev/null |
	awk '/BEGIN/{n++} n{print > ("part" n ".pem")}'
holds "NSS takes the intermediate" certutil -A -d sql:nss -n issuing -t ,, -i part2.pem
holds "NSS takes the certificate" certutil -A -d sql:nss -n leaf -t ,, -i part1.pem
holds "NSS finds it valid for a TLS server" certutil -V -d sql:nss -n leaf -u V
fails "NSS does not find it valid for signing mail" certutil -V -d sql:nss -n leaf -u S
finish

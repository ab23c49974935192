#!/bin/sh
# Requests made by GnuTLS and signed here; our chains and lists verified by it.
. "$(dirname "$0")/lib/checks"

cat >template <<'T'
organization = "Koko inc."
cn = "host.example.com"
dns_name = "host.example.com"
ip_address = "192.0.2.9"
challenge_password = 123456
T
certtool --generate-privkey --key-type ecdsa --outfile g.key >/dev/null 2>&1
certtool --generate-request --load-privkey g.key --template template --outfile g.csr >/dev/null 2>&1
holds "quickstart signs a request of certtool" certwright quickstart g.csr
holds "certtool verifies the chain" certtool --verify --load-ca-certificate root.crt --infile g.crt
holds "certtool verifies the host name" certtool --verify --verify-hostname host.example.com --load-ca-certificate root.crt --infile g.crt
holds "lists are published" certwright crl publish --out .
for list in *.crl*; do
	holds "certtool reads $list" sh -c "certtool --crl-info --infile '$list' || certtool --crl-info --inder --infile '$list'"
done
finish

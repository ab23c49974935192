#!/bin/sh
# What the server publishes under the eyes of other people's programs: OCSP
# answers, revocation lists, delta lists and shards; a web server that staples
# our answers; curl and a browser that trust the root.
. "$(dirname "$0")/lib/checks"
PATH=$PATH:/usr/sbin # where Debian puts nginx

# Three free ports, outside the range that the system gives away by itself.
ports=$(node -e '
const net = require("net"), found = [];
(function next() {
	if (found.length === 3) { console.log(found.map(s => s.address().port).join(" ")); process.exit(); }
	const s = net.createServer().on("error", next);
	s.listen(10000 + Math.floor(Math.random() * 20000), "127.0.0.1", () => { found.push(s); next(); });
})();')
# shellcheck disable=SC2086
set -- $ports
own=$1 plain=$2 tls=$3
base=http://127.0.0.1:$plain
certwright serve --listen "127.0.0.1:$own" --plain-listen "127.0.0.1:$plain" --plain-url "$base" --ready-file ready.json >serve.log 2>&1 &
server=$!
web=
trap 'kill $server $web 2>/dev/null; wait; rm -rf "$scratch"' EXIT
holds "the server starts" until_ok 100 test -s ready.json
holds "and has published its first lists" until_ok 100 curl -fsS -o first.crl "$base/crl/issuing.crl"
cp home/root.crt root.crt

issue() { # NAME HOST [OPTION…]
	name=$1 host=$2; shift 2
	certwright request new --new-key ecdsa-p256 --key-out "$name.key" --subject "CN=$host" --san "dns:$host" --out "$name.csr" >/dev/null 2>&1
	certwright sign "$name.csr" --out "$name.crt" "$@" >/dev/null 2>&1
	openssl x509 -in "$name.crt" -out "$name.leaf"
}
issue good localhost --ca issuing
issue bad bad.example --ca issuing
issue held held.example --ca issuing
serial() { openssl x509 -in "$1.crt" -noout -serial | cut -d= -f2; }
certwright revoke "$(serial bad)" --reason keyCompromise --yes >/dev/null 2>&1
certwright revoke "$(serial held)" --hold --yes >/dev/null 2>&1
curl -fsS "$base/ca/issuing.pem" >issuing.pem

# openssl ocsp
ask() { openssl ocsp -issuer issuing.pem -url "$base/ocsp" -CAfile root.crt "$@"; }
says "openssl ocsp verifies the answer" "Response verify OK" ask -cert good.leaf
says "and hears that the certificate is good" "good.leaf: good" ask -cert good.leaf
holds "the nonce comes back" sh -c "! openssl ocsp -issuer issuing.pem -url $base/ocsp -CAfile root.crt -cert good.leaf 2>&1 | grep WARNING"
says "of a revoked one it hears the reason" "Reason: keyCompromise" ask -cert bad.leaf
says "of one on hold, too" "Reason: certificateHold" ask -cert held.leaf
says "of a number that was never issued, that it is unknown" "0x4711: unknown" ask -serial 0x4711
says "several in one request are answered" "held.leaf: revoked" ask -cert good.leaf -cert bad.leaf -cert held.leaf
says "certificates named by SHA-256 are answered" "good.leaf: good" ask -sha256 -cert good.leaf
curl -fsS "$base/ca/root.pem" >above.pem
says "the certificate of the authority is good" "issuing.pem: good" openssl ocsp -issuer above.pem -cert issuing.pem -url "$base/ocsp" -CAfile root.crt
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out stranger.pem -subj /CN=Stranger >/dev/null 2>&1
says "about other issuers the server is not the one to ask" "unauthorized (6)" openssl ocsp -issuer stranger.pem -serial 1 -url "$base/ocsp" -CAfile root.crt

# By GET, as caches want it
openssl ocsp -issuer issuing.pem -cert good.leaf -no_nonce -reqout request.der
path=$(openssl base64 -A -in request.der | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
holds "curl asks by GET" curl -fsS -D headers -o answer.der "$base/ocsp/$path"
says "openssl verifies that answer" "good.leaf: good" openssl ocsp -respin answer.der -issuer issuing.pem -cert good.leaf -no_nonce -CAfile root.crt
says "caches may keep it" "must-revalidate" grep -i '^cache-control: max-age=' headers
tag=$(sed -n 's/^[Ee][Tt]ag: *\(.*[^\r]\)\r*$/\1/p' headers)
says "who has it is told so" "304" curl -sS -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$base/ocsp/$path"
says "inspect shows it" "good" certwright inspect "$base/ocsp/$path"

# GnuTLS
says "ocsptool verifies the answer" "Verifying OCSP Response: Success" ocsptool "--ask=$base/ocsp" --load-issuer issuing.pem --load-cert good.leaf --load-trust issuing.pem
says "and hears that it is good" "Certificate Status: good" ocsptool "--ask=$base/ocsp" --load-issuer issuing.pem --load-cert good.leaf --load-trust issuing.pem
says "of the revoked one, that it is revoked" "Certificate Status: revoked" ocsptool "--ask=$base/ocsp" --load-issuer issuing.pem --load-cert bad.leaf --load-trust issuing.pem
ocsptool --generate-request --load-issuer issuing.pem --load-cert good.leaf --no-nonce --outfile gnutls.req >/dev/null 2>&1
says "inspect reads the request of ocsptool" "asks about" certwright inspect gnutls.req

# Java
java=$here/ocsp/Check.java
says "Java finds the chain valid by OCSP" "the chain is valid" java "$java" ocsp root.crt good.crt
says "and the revoked one revoked" "REVOKED" java "$java" ocsp root.crt bad.crt
certwright crl publish --out lists >/dev/null 2>&1
holds "the server has the list published beside it" until_ok 25 sh -c "curl -fsS $base/crl/issuing.crl | cmp -s - lists/issuing.crl"
says "Java finds the chain valid by the lists" "the chain is valid" java -Dcom.sun.security.enableCRLDP=true "$java" crl root.crt good.crt
says "and the revoked one on them" "REVOKED" java -Dcom.sun.security.enableCRLDP=true "$java" crl root.crt bad.crt

# Lists: whole, delta, shard
holds "openssl fetches the list and verifies" openssl verify -CAfile root.crt -untrusted issuing.pem -crl_check -crl_download good.leaf
says "and finds the revoked one" "certificate revoked" openssl verify -CAfile root.crt -untrusted issuing.pem -crl_check -crl_download bad.leaf
certwright ca set issuing --delta-validity 1d >/dev/null 2>&1
issue late late.example --ca issuing
certwright revoke "$(serial late)" --yes >/dev/null 2>&1
certwright crl publish --ca issuing --delta --out lists >/dev/null 2>&1
holds "curl fetches the delta list" curl -fsS -o delta.crl "$base/crl/issuing/delta.crl"
says "openssl reads it" "Delta CRL Indicator: critical" openssl crl -inform DER -in delta.crl -noout -text
openssl crl -inform DER -in lists/issuing.crl -out full.pem && openssl crl -inform DER -in delta.crl -out delta.pem && cat full.pem delta.pem >both.pem
says "with it, openssl finds what was revoked last" "certificate revoked" openssl verify -CAfile root.crt -untrusted issuing.pem -crl_check -use_deltas -CRLfile both.pem late.leaf
certwright ca create sharded --parent root --subject "CN=Sharded CA" --shards 4 --base "$base" >/dev/null 2>&1
issue piece piece.example --ca sharded
certwright crl publish --ca sharded --out lists >/dev/null 2>&1
shard=$(openssl x509 -in piece.crt -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')
holds "curl fetches the shard that the certificate names: ${shard##*/}" curl -fsS -o shard.crl "$shard"
curl -fsS "$base/ca/sharded.pem" >sharded.pem
openssl crl -inform DER -in shard.crl -out shard.pem
holds "openssl verifies by it" openssl verify -CAfile root.crt -untrusted sharded.pem -crl_check -CRLfile shard.pem piece.leaf
for other in 0 1 2 3; do
	[ "${shard##*/}" = "$other.crl" ] || break
done
curl -fsS "$base/crl/sharded/$other.crl" | openssl crl -inform DER -out other.pem
says "and does not take another shard" "different CRL scope" openssl verify -CAfile root.crt -untrusted sharded.pem -crl_check -CRLfile other.pem piece.leaf
says "openssl reads the PKCS #7 of the chain" "Sharded CA" sh -c "curl -fsS $base/ca/sharded.p7c | openssl pkcs7 -inform DER -print_certs -noout"
holds "certtool verifies with the list" certtool --verify --load-ca-certificate root.crt --infile good.crt --load-crl full.pem

# A web server that staples our answers
mkdir -p web && echo "stapled and served" >web/index.html
cat >nginx.conf <<N
pid $scratch/nginx.pid;
error_log $scratch/nginx.log;
daemon off;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path $scratch/t1; proxy_temp_path $scratch/t2; fastcgi_temp_path $scratch/t3; uwsgi_temp_path $scratch/t4; scgi_temp_path $scratch/t5;
	server {
		listen 127.0.0.1:$tls ssl;
		ssl_certificate $scratch/good.crt;
		ssl_certificate_key $scratch/good.key;
		ssl_trusted_certificate $scratch/root.crt;
		ssl_stapling on;
		ssl_stapling_verify on;
		root $scratch/web;
	}
}
N
chmod 755 "$scratch" && chmod 644 good.key web/index.html
nginx -c "$scratch/nginx.conf" -p "$scratch" >nginx.out 2>&1 &
web=$!
staple() { openssl s_client -connect "127.0.0.1:$tls" -servername localhost -status -CAfile root.crt </dev/null 2>/dev/null; }
stapled() { staple | grep -q 'OCSP Response Status: successful'; }
holds "nginx staples the answer" until_ok 50 stapled
says "which is good" "Cert Status: good" staple
says "openssl trusts the server" "Verify return code: 0 (ok)" staple
says "curl takes the certificate and the staple" "stapled and served" curl -sS --cacert root.crt --cert-status "https://localhost:$tls/"
says "doctor finds it in order" "localhost:$tls: in order" certwright doctor "localhost:$tls"

# A browser
browse() { # PROFILE
	HOME=$scratch timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$scratch/$1" --dump-dom "https://localhost:$tls/" 2>browser.log
}
browse before >before.html
fails "Chromium does not show the page while it does not know the root" grep -q "stapled and served" before.html
mkdir -p .pki/nssdb
certutil -N -d "sql:.pki/nssdb" --empty-password
holds "NSS takes the root for Chromium" certutil -A -d "sql:.pki/nssdb" -n root -t C,, -i root.crt
says "Chromium trusts it then" "stapled and served" browse after
finish

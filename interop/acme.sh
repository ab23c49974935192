#!/bin/sh
# certbot, lego, dehydrated and uacme get, renew and revoke certificates by ACME:
# every challenge they know, wildcards, addresses, external accounts, limits.
# The names are of a DNS server made for such tests, which comes with pebble.
. "$(dirname "$0")/lib/checks"

ports() { # COUNT: so many ports that are free now
	python3 -c 'import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
[s.bind(("127.0.0.1", 0)) for s in all]
print(*[s.getsockname()[1] for s in all])' "$1"
}
# shellcheck disable=SC2046
set -- $(ports 6)
listen=$1 strict=$2 dns=$3 manage=$4 http=$5 tls=$6

settings() { # HOME PORT MORE…
	mkdir -p "$1"
	cat >"$1/config.yaml" <<E
server: { listen: "127.0.0.1:$2", plain-listen: "off", names: [localhost, 127.0.0.1] }
acme:
  allow-networks: [127.0.0.0/8]
  resolvers: ["127.0.0.1:$dns"]
  http-port: $http
  tls-port: $tls
  caa-identities: [ca.test]
E
	home=$1
	shift 2
	printf '  %s\n' "$@" >>"$home/config.yaml"
}
settings home "$listen"
settings strict-home "$strict" "require-eab: true" "limits: { orders-per-account: 2/1h }"
certwright --home home serve --ready-file ready.json >serve.log 2>&1 &
serving=$!
certwright --home strict-home serve --ready-file strict.json >strict.log 2>&1 &
strictly=$!
pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" \
	-defaultIPv4 127.0.0.1 -defaultIPv6 "" -management "127.0.0.1:$manage" >dns.log 2>&1 &
naming=$!
mkdir -p web/.well-known/acme-challenge
trap 'kill $serving $strictly $naming 2>/dev/null; wait; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do
	[ -s ready.json ] && [ -s strict.json ] && curl -s "127.0.0.1:$manage" >/dev/null && break
	sleep 0.1
done
root=$scratch/home/root.crt strictroot=$scratch/strict-home/root.crt
directory=https://localhost:$listen/acme/directory strictdirectory=https://localhost:$strict/acme/directory

dns() { curl -sf -d "$2" "127.0.0.1:$manage/$1"; }
export manage
cat >present <<'E'
#!/bin/sh
# present NAME VALUE: the TXT record of a challenge
exec curl -sf -d "{\"host\":\"${1%.}.\",\"value\":\"$2\"}" "127.0.0.1:$manage/set-txt"
E
chmod +x present
PATH=$scratch:$PATH
# verified NAME FILE: the chain leads to the root, and is for the name
verified() { openssl verify -CAfile "$root" -untrusted "$2" -verify_hostname "$1" "$2"; }
renewal() { # FILE: renewal information of a certificate (RFC 9773)
	id=$(python3 - "$1" <<'E'
import base64, re, subprocess, sys
text = subprocess.run(["openssl", "x509", "-in", sys.argv[1], "-noout", "-serial", "-ext", "authorityKeyIdentifier"], capture_output=True, text=True).stdout
serial = bytes.fromhex(re.search(r"serial=([0-9A-F]+)", text)[1])
key = bytes.fromhex(re.findall(r"(?:[0-9A-F]{2}:){19}[0-9A-F]{2}", text)[0].replace(":", ""))
plain = lambda b: base64.urlsafe_b64encode(b).decode().rstrip("=")
print(plain(key) + "." + plain(b"\0" + serial if serial[0] > 127 else serial))
E
	)
	curl -sf --cacert "$root" "https://localhost:$listen/acme/renewal-info/$id"
}

# --- certbot: http-01, dns-01
bot() {
	word=$1; shift
	REQUESTS_CA_BUNDLE=${trust:-$root} certbot "$word" -n --config-dir bot --work-dir bot/work --logs-dir bot/logs "$@"
}
got() { bot certonly --agree-tos --register-unsafely-without-email --server "$directory" "$@"; }
alone="--standalone --http-01-address 127.0.0.1 --http-01-port $http"
# shellcheck disable=SC2086
holds "certbot: http-01" got $alone -d bot.test -d www.bot.test
holds "certbot: the chain verifies" verified www.bot.test bot/live/bot.test/fullchain.pem
says  "certbot: renewal information" suggestedWindow renewal bot/live/bot.test/cert.pem
holds "certbot: renews" bot renew --force-renewal --no-random-sleep-on-renew
cat >bot-hook <<'E'
#!/bin/sh
present "_acme-challenge.$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION"
E
chmod +x bot-hook
holds "certbot: a wildcard by dns-01" got --manual --preferred-challenges dns --manual-auth-hook ./bot-hook -d '*.wild.test'
holds "certbot: the wildcard verifies" verified any.wild.test bot/live/wild.test/fullchain.pem
# shellcheck disable=SC2086
holds "certbot: must-staple, an RSA key" got $alone --must-staple --key-type rsa -d staple.test
says  "certbot: the certificate must be stapled" "TLS Feature" openssl x509 -in bot/live/staple.test/cert.pem -noout -text
holds "certbot: revokes" bot revoke --server "$directory" --cert-path bot/live/bot.test/cert.pem --reason keycompromise --no-delete-after-revoke
fails "certbot: a second time is refused" bot revoke --server "$directory" --cert-path bot/live/bot.test/cert.pem --no-delete-after-revoke
says  "certbot: and told why" "was revoked on" cat bot/logs/letsencrypt.log
holds "certbot: revokes by the certificate's key" bot revoke --server "$directory" --cert-path bot/live/staple.test/cert.pem --key-path bot/live/staple.test/privkey.pem --no-delete-after-revoke
holds "certbot: another contact" bot update_account --server "$directory" --email ann@bot.test
dns add-caa '{"host":"elsewhere.test.","policies":[{"tag":"issue","value":"other.test"}]}'
# shellcheck disable=SC2086
says  "certbot: CAA for another authority" "name other authorities" got $alone -d elsewhere.test
dns set-servfail '{"host":"broken.test."}'
# shellcheck disable=SC2086
says  "certbot: a zone that does not answer" "SERVFAIL" got $alone -d broken.test
dns add-a '{"host":"inside.test.","addresses":["10.1.2.3"]}'
# shellcheck disable=SC2086
says  "certbot: a private address" "not allowed to ask" got $alone -d inside.test
holds "certbot: ends its account" bot unregister --server "$directory"

# --- external accounts and limits
binding() { # sets kid and mac
	certwright --home strict-home acme eab new --note interop --output json >eab.json
	kid=$(python3 -c 'import json; print(json.load(open("eab.json"))["keyID"])')
	mac=$(python3 -c 'import json; print(json.load(open("eab.json"))["key"])')
}
trust=$strictroot
secured() { # shellcheck disable=SC2086
	bot certonly --agree-tos --register-unsafely-without-email --server "$strictdirectory" $alone "$@"
}
says  "certbot: an external account is required" "external account binding" secured -d eab.test
binding
says  "certbot: a wrong key" "not by a key that was handed out" secured -d eab.test --eab-kid "$kid" --eab-hmac-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
holds "certbot: an external account" secured -d eab.test --eab-kid "$kid" --eab-hmac-key "$mac"
holds "certbot: up to the limit" secured -d eab2.test
fails "certbot: over the limit" secured -d eab3.test
says  "certbot: and told why" "too many orders were placed by this account" cat bot/logs/letsencrypt.log
trust=$root

# --- lego: http-01, tls-alpn-01, dns-01, a request of its own
go_lego() { LEGO_CA_CERTIFICATES=${trust:-$root} lego --accept-tos --server "${at:-$directory}" --email lego@b.test --path lego "$@"; }
holds "lego: http-01" go_lego --domains lego.test --http --http.port "127.0.0.1:$http" run
holds "lego: the chain verifies" verified lego.test lego/certificates/lego.test.crt
holds "lego: renews" go_lego --domains lego.test --http --http.port "127.0.0.1:$http" renew --days 1000 --no-random-sleep
holds "lego: tls-alpn-01" go_lego --domains alpn.test --tls --tls.port "127.0.0.1:$tls" run
cat >lego-hook <<'E'
#!/bin/sh
[ "$1" = present ] || exit 0
present "$2" "$3"
E
chmod +x lego-hook
export EXEC_PATH=$scratch/lego-hook EXEC_PROPAGATION_TIMEOUT=5 EXEC_POLLING_INTERVAL=1
holds "lego: a wildcard by dns-01" go_lego --domains '*.lego.test' --domains lego.test --dns exec --dns.disable-cp --dns.resolvers "127.0.0.1:$dns" run
openssl req -new -newkey rsa:3072 -nodes -keyout own.key -subj /CN=own.test -addext subjectAltName=DNS:own.test -out own.csr 2>/dev/null
holds "lego: a request of openssl" go_lego --csr own.csr --http --http.port "127.0.0.1:$http" run
holds "lego: revokes" go_lego --domains alpn.test revoke
at=$strictdirectory trust=$strictroot
binding
holds "lego: an external account" go_lego --eab --kid "$kid" --hmac "$mac" --domains eab.lego.test --http --http.port "127.0.0.1:$http" run
at= trust=

# --- dehydrated: http-01, dns-01, tls-alpn-01 with files and hooks
mkdir wet
cat >wet/config <<E
CA="$directory"
BASEDIR="$scratch/wet"
WELLKNOWN="$scratch/web/.well-known/acme-challenge"
HOOK="$scratch/wet-hook"
HOOK_CHAIN=no
CURL_OPTS="--cacert $root"
KEY_ALGO=prime256v1
E
cat >wet-hook <<'E'
#!/bin/sh
case $1 in deploy_challenge) case $CHALLENGETYPE in dns-01) present "_acme-challenge.$2" "$4" ;; esac ;; esac
E
chmod +x wet-hook
(cd web && exec python3 -m http.server --bind 127.0.0.1 "$http" >/dev/null 2>&1) &
web=$!
trap 'kill $serving $strictly $naming $web 2>/dev/null; wait; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do curl -s "127.0.0.1:$http" >/dev/null && break; sleep 0.1; done
wet() { dehydrated -f wet/config "$@"; }
holds "dehydrated: makes an account" wet --register --accept-terms
holds "dehydrated: http-01" wet -c -d wet.test -t http-01
holds "dehydrated: the chain verifies" verified wet.test wet/certs/wet.test/fullchain.pem
export CHALLENGETYPE=dns-01
holds "dehydrated: a wildcard by dns-01" wet -c -d '*.wet.test' --alias wildwet -t dns-01
holds "dehydrated: renews" wet -c -x -d '*.wet.test' --alias wildwet -t dns-01
holds "dehydrated: revokes" wet --revoke "$scratch/wet/certs/wet.test/cert.pem"
holds "dehydrated: ends its account" wet --account

# --- uacme: an address, a name, with the root in a store of its own
cat >uacme-hook <<E
#!/bin/sh
[ "\$2" = http-01 ] || exit 1
case \$1 in
begin) printf %s "\$5" >"$scratch/web/.well-known/acme-challenge/\$4" ;;
*) rm -f "$scratch/web/.well-known/acme-challenge/\$4" ;;
esac
E
chmod +x uacme-hook
cat >in-uacme <<E
#!/bin/sh
mount --bind "$root" /etc/ssl/certs/ca-certificates.crt && exec uacme -v -y -t EC -c "$scratch/u" -a "$directory" "\$@"
E
chmod +x in-uacme
apart=-m
[ "$(id -u)" = 0 ] || apart=-Urm
u() { unshare "$apart" ./in-uacme "$@"; }
holds "uacme: makes an account" u new ua@b.test
holds "uacme: http-01" u -h "$scratch/uacme-hook" issue uacme.test www.uacme.test
holds "uacme: the chain verifies" verified www.uacme.test u/uacme.test/cert.pem
holds "uacme: an address" u -h "$scratch/uacme-hook" issue 127.0.0.1
says  "uacme: the certificate is for the address" "IP Address:127.0.0.1" openssl x509 -in u/127.0.0.1/cert.pem -noout -ext subjectAltName
holds "uacme: another key for the account" u newkey
holds "uacme: renews" u -f -h "$scratch/uacme-hook" issue uacme.test www.uacme.test
holds "uacme: revokes" u revoke "$scratch/u/uacme.test/cert.pem"
holds "uacme: ends its account" u deactivate

# --- what docs/acme.md shows
kill $web
cp "$root" root.crt
awk '/^```sh interop/ { on = 1; next } /^```/ { on = 0 } on' "$here/../docs/acme.md" |
	sed "s#https://ca.example.org:8443#https://localhost:$listen#; s#--standalone#$alone#; s#--http r#--http --http.port 127.0.0.1:$http r#; s#renew --days 30#& --no-random-sleep#; s#^certbot#& --config-dir doc --work-dir doc/work --logs-dir doc/logs#" >shown
holds "the recipes of the documentation" sh -eu shown

# --- what is left of it here
says  "the requester is the account" '"requester": "acme/' certwright --home home list --output json
holds "the audit chain holds" certwright --home home audit verify
fails "nothing went wrong inside" grep -E 'level=ERROR|panic' serve.log strict.log
finish

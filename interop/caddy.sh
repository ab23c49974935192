#!/bin/sh
# Caddy gets its certificates by ACME with an external account, staples our
# answers, and stands in front of the server as its reverse proxy.
. "$(dirname "$0")/lib/checks"

# Free ports, outside the range that the system gives away by itself.
# shellcheck disable=SC2046
set -- $(python3 -c 'import random, socket
found = []
while len(found) < 6:
	s = socket.socket()
	try:
		s.bind(("127.0.0.1", random.randrange(10000, 30000)))
		found.append(s)
	except OSError:
		pass
print(*[s.getsockname()[1] for s in found])')
listen=$1 plain=$2 dns=$3 manage=$4 http=$5 tls=$6
site=www.caddy.test
front=https://ca.caddy.test:$tls
mkdir home
cat >home/config.yaml <<E
server:
  listen: 127.0.0.1:$listen
  plain-listen: 127.0.0.1:$plain
  plain-url: http://127.0.0.1:$plain
  proxies: [127.0.0.1]
  proxy-certificate: Client-Cert
acme:
  allow-networks: [127.0.0.0/8]
  resolvers: ["127.0.0.1:$dns"]
  http-port: $http
  tls-port: $tls
  require-eab: true
access:
  certificates:
    - match: "dns:*.agents.test"
      roles: [applicant]
E
certwright serve --ready-file ready.json >serve.log 2>&1 &
serving=$!
pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" \
	-defaultIPv4 127.0.0.1 -defaultIPv6 "" -management "127.0.0.1:$manage" >dns.log 2>&1 &
naming=$!
caddying=
trap 'kill $serving $naming $caddying 2>/dev/null; wait; rm -rf "$scratch"' EXIT
until_ok() { # TRIES COMMAND…: tries again each fifth of a second
	tries=$1; shift
	while ! "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.2
	done
}
holds "the server starts" until_ok 100 test -s ready.json
cp home/root.crt root.crt
certwright acme eab new --many --note caddy --output json >eab.json
kid=$(sed -n 's/.*"keyID": "\(.*\)",/\1/p' eab.json)
mac=$(sed -n 's/.*"key": "\(.*\)",/\1/p' eab.json)

issuer() { # OPTION: what Caddy asks for certificates by
	cat <<E
		issuer acme {
			dir https://localhost:$listen/acme/directory
			trusted_roots $scratch/root.crt
			eab $kid $mac
			$1
		}
E
}
cat >Caddyfile <<E
{
	admin off
	default_bind 127.0.0.1
	http_port $http
	https_port $tls
	storage file_system $scratch/caddy
}
$site {
	tls {
$(issuer disable_tlsalpn_challenge)
	}
	respond "served by Caddy"
}
ca.caddy.test {
	tls {
$(issuer disable_http_challenge)
		client_auth {
			mode request
		}
	}
	reverse_proxy 127.0.0.1:$plain {
		header_up Client-Cert {http.request.tls.client.certificate_der_base64}
	}
}
E
start_caddy() {
	HOME=$scratch XDG_DATA_HOME=$scratch XDG_CONFIG_HOME=$scratch caddy run --config Caddyfile --adapter caddyfile >>caddy.log 2>&1 &
	caddying=$!
}
ask() { # ADDRESS [OPTION…]: from another address than the proxy's
	curl -sS --max-time 60 --interface 127.0.0.2 --resolve "$site:$tls:127.0.0.1" --resolve "ca.caddy.test:$tls:127.0.0.1" --cacert root.crt "$@"
}
serves() { ask -f "https://$site:$tls/" 2>&1 | grep -q "served by Caddy"; }
shown() { openssl s_client -connect "127.0.0.1:$tls" -servername "$site" "$@" -CAfile root.crt -verify_return_error </dev/null 2>/dev/null; }
number() { shown | openssl x509 -noout -serial 2>/dev/null; }

start_caddy
holds "Caddy gets a certificate by http-01, and serves with it" until_ok 300 serves
holds "and one by tls-alpn-01" until_ok 300 ask -fs -o nothing "$front/healthz"
says  "openssl trusts it" "Verify return code: 0 (ok)" shown
stapled() { shown -status | grep -q "Cert Status: good"; }
holds "Caddy staples our answer" until_ok 150 stapled
says  "the account is that of the key" "$kid" certwright acme account list

# The server behind Caddy
says  "behind Caddy all is there that clients reach over TLS" '"newOrder"' ask "$front/acme/directory"
fails "without Caddy it is not" curl -fsS "http://127.0.0.1:$plain/acme/directory"
says  "nor for who says that it came over TLS, and is no proxy" 404 curl -sS --interface 127.0.0.2 -o nothing -w '%{http_code}' -H 'X-Forwarded-Proto: https' "http://127.0.0.1:$plain/acme/directory"
ask -o nothing -H 'X-Forwarded-For: 192.0.2.99' "$front/nothing-here"
says  "the log has the client, whatever it says it is" "from=127.0.0.2 proxy=127.0.0.1" grep path=/nothing-here serve.log
certwright request new --new-key ecdsa-p256 --key-out agent.key --no-passphrase --subject CN=agent --san dns:one.agents.test --out agent.csr >/dev/null 2>&1
certwright sign agent.csr --profile client --ca issuing --out agent.crt >/dev/null 2>&1
says  "a certificate that Caddy was shown says who somebody is" '"name":"cert:one.agents.test"' ask --cert agent.crt --key agent.key "$front/api/v1/whoami"
says  "one that somebody writes does not" "unauthenticated" ask -H "Client-Cert: $(openssl x509 -in agent.crt -outform DER | base64 -w0)" "$front/api/v1/whoami"

# A certificate that is lost
before=$(number)
kill $caddying; wait $caddying 2>/dev/null
rm -rf caddy/certificates
start_caddy
renewed() { now=$(number); [ -n "$now" ] && [ "$now" != "$before" ]; }
holds "Caddy gets another, by what it has proven before" until_ok 300 renewed
holds "it serves with that" until_ok 50 serves
fails "nothing went wrong inside" grep -E 'level=ERROR|panic' serve.log
finish

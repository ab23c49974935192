#!/bin/sh
# Records in PostgreSQL: a server of its own on a free port, which speaks TLS
# with a certificate of ours and asks for a password; the verbs, writers that
# are killed, several processes and two servers on one database.
. "$(dirname "$0")/lib/checks"

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -n | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
[ -x "$bin/initdb" ] || { echo "PostgreSQL is not here: apt-get install postgresql" >&2; exit 1; }
pg=$(mktemp -d) as=
if [ "$(id -u)" = 0 ]; then # which may not run it
	user=postgres
	id "$user" >/dev/null 2>&1 || user=nobody
	as="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups"
	chown "$user" "$pg"
fi
started=
stop_all() {
	for process in $started; do kill "$process" 2>/dev/null && wait "$process"; done
	(cd / && $as "$bin/pg_ctl" -D "$pg/data" -m immediate stop >/dev/null 2>&1)
	rm -rf "$pg" "$scratch"
}
trap stop_all EXIT

# The server, with a certificate for its own name and address.
certwright --home tls request new --new-key ecdsa-p256 --key-out server.key --cn localhost --san localhost --san 127.0.0.1 --out server.csr >/dev/null 2>&1
certwright --home tls quickstart server.csr >/dev/null 2>&1
cp server.crt server.key "$pg" && mv root.crt trusted.crt
[ -z "$as" ] || chown "$user" "$pg/server.crt" "$pg/server.key"
echo 'pass word/?#%' >"$pg/password"
(cd / && $as "$bin/initdb" -D "$pg/data" -U postgres --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync) >output 2>&1
sed 's/^host /hostssl /' "$pg/data/pg_hba.conf" >hba && cat hba >"$pg/data/pg_hba.conf"
start() { # PORT
	(cd / && $as "$bin/pg_ctl" -D "$pg/data" -l "$pg/log" -w -o "-p $1 -k $pg -h 127.0.0.1 -c ssl=on -c ssl_cert_file=$pg/server.crt -c ssl_key_file=$pg/server.key" start) >output 2>&1
}
port=$((20000 + $$ % 20000))
until start "$port"; do
	port=$((port + 7))
	[ "$port" -lt 40500 ] || { cat output "$pg/log" >&2; exit 1; }
done
sql() { "$bin/psql" -X -q -h "$pg" -p "$port" -U postgres -v ON_ERROR_STOP=1 "$@"; }
holds "PostgreSQL starts on a free port" sql -c "CREATE ROLE certwright LOGIN PASSWORD '$(cat "$pg/password")'" -c "CREATE DATABASE certwright OWNER certwright"
PGPASSWORD=$(cat "$pg/password")
CERTWRIGHT_DATABASE="postgres://certwright@127.0.0.1:$port/certwright?sslmode=verify-full&sslrootcert=$PWD/trusted.crt"
export PGPASSWORD CERTWRIGHT_DATABASE

# The verbs.
certwright request new --new-key ecdsa-p256 --key-out a.key --cn a.example --san a.example --out a.csr >/dev/null 2>&1
holds "quickstart on an empty database" certwright quickstart a.csr
holds "openssl takes the chain" openssl verify -CAfile root.crt -untrusted a.crt a.crt
says "only encrypted connections are taken" "does not take this user or password" certwright --database "postgres://certwright@127.0.0.1:$port/certwright?sslmode=disable" list
fails "no records are kept in the home" test -e "$CERTWRIGHT_HOME/certwright.db"
says "list finds it" "CN=a.example" certwright list --name a.example
serial=$(openssl x509 -in a.crt -noout -serial | cut -d = -f 2)
says "the database has it" "a.example" sql -d certwright -At -c "SELECT folded FROM certificate WHERE encode(serial, 'hex') = lower('$serial')"
holds "a certificate of it is renewed" certwright renew a.crt --out a2.crt
holds "it is revoked" certwright revoke a.crt --reason superseded --yes
holds "the list is published" certwright crl publish
openssl crl -in issuing.crl.pem -out issuing.pem 2>/dev/null || cp ./*.crl.pem issuing.pem 2>/dev/null
says "openssl finds it on the list" "$serial" openssl crl -in issuing.pem -noout -text
holds "an authority is made" certwright ca create second --parent root
says "both are listed" second certwright ca list
says "the audit chain is whole" "is whole" certwright audit verify
says "backup says how to" pg_dump certwright backup b.backup
says "no password is told" "does not take this user or password" env PGPASSWORD=wrong certwright list
says "a server with another certificate is not trusted" "the database cannot be reached" certwright --database "postgres://certwright@127.0.0.1:$port/certwright?sslmode=verify-full&sslrootcert=$PWD/root.crt" list

# Writers that are killed lose nothing that was told, and do nothing twice.
i=0
openssl ecparam -name prime256v1 -genkey -noout -out batch.key
mkdir one two three
for folder in one two three; do
	while [ $i -lt 120 ]; do
		i=$((i + 1))
		openssl ecparam -name prime256v1 -genkey -noout -out k.key
		openssl req -new -key k.key -subj "/CN=$folder$i.example" -addext "subjectAltName=DNS:$folder$i.example" -out "$folder/$i.csr"
	done
	i=0
done
killed=0
for round in 1 2 3; do
	certwright sign --ca issuing --batch one --report "report.$round" >/dev/null 2>&1 &
	batch=$!
	tries=0
	until [ -s "report.$round" ] || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.01; done
	kill -9 $batch 2>/dev/null
	wait $batch 2>/dev/null
	[ $? = 137 ] && killed=$((killed + 1))
done
report "$([ $killed -gt 0 ]; echo $?)" "writers were killed ($killed)"
holds "the batch goes on to its end" certwright sign --ca issuing --batch one --report report.last
told() { cat report.* | grep -o '"serial": *"[0-9a-fA-F]*"' | grep -o '[0-9a-fA-F]*"$' | tr -d '"' | sort -u; }
certwright list --output json | grep -o '"serial": *"[0-9a-fA-F]*"' | grep -o '[0-9a-fA-F]*"$' | tr -d '"' | sort >stored
told >reported
report "$([ -s reported ] && [ -z "$(comm -23 reported stored)" ]; echo $?)" "every certificate that was told is there"
report "$([ -z "$(uniq -d stored)" ]; echo $?)" "no serial number was given twice"
says "every request was signed once" 120 sql -d certwright -At -c "SELECT COUNT(DISTINCT key_fingerprint) FROM certificate WHERE folded LIKE '%dns:one%'"
says "and not twice" 120 sql -d certwright -At -c "SELECT COUNT(*) FROM certificate WHERE folded LIKE '%dns:one%'"

# Two processes with homes of their own, at the same time, and the database
# ends their connections meanwhile. A change whose outcome that left open is
# told as such; the same command again finds out.
cp -r "$CERTWRIGHT_HOME" other
certwright sign --ca issuing --batch two --report report.two >two.output 2>&1 & first=$!
certwright --home other sign --ca issuing --batch three --report report.three >three.output 2>&1 & second=$!
tries=0
until [ -s report.two ] && [ -s report.three ] || [ $tries -ge 500 ]; do tries=$((tries + 1)); sleep 0.01; done
sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'certwright'" >/dev/null
wait $first
wait $second
holds "one of two processes submits all, and outlives the end of its connections" certwright sign --ca issuing --batch two --report report.two
holds "so does the other" certwright --home other sign --ca issuing --batch three --report report.three
says "all of theirs is there once" "240|240" sql -d certwright -At -c "SELECT COUNT(DISTINCT key_fingerprint), COUNT(*) FROM certificate WHERE folded LIKE '%dns:two%' OR folded LIKE '%dns:three%'"
says "the audit chain of both is whole" "is whole" certwright audit verify

# Two servers on the one database: what becomes of a certificate at one, the
# other knows.
serve() { # HOME READY
	certwright --home "$1" serve --ca issuing --listen 127.0.0.1:0 --plain-listen 127.0.0.1:0 --name 127.0.0.1 --ready-file "$2" >"$2.log" 2>&1 &
	served=$!
	started="$started $served"
	until [ -s "$2" ] || ! kill -0 $served 2>/dev/null; do sleep 0.05; done
}
field() { sed "s/.*\"$2\":\"\([^\"]*\)\".*/\1/" "$1"; }
serve "$CERTWRIGHT_HOME" left.json
serve "$PWD/other" right.json
holds "two servers start" test -s left.json -a -s right.json
certwright sign --ca issuing two/1.csr --out served.crt >/dev/null 2>&1
awk '/BEGIN/{n++} n == 2' served.crt >issuing.crt
ocsp() { openssl ocsp -issuer issuing.crt -cert served.crt -CAfile root.crt -url "$(field "$1.json" plainUrl)/ocsp" 2>&1; }
ready() { curl -s --cacert root.crt "$(field "$1.json" url)/readyz"; }
for side in left right; do
	says "the $side one is ready" '"ready":true' ready $side
	says "the $side one knows a new certificate" "served.crt: good" ocsp $side
done
certwright revoke served.crt --reason superseded --yes >/dev/null 2>&1
for side in left right; do says "the $side one knows that it was revoked" "served.crt: revoked" ocsp $side; done
(cd / && $as "$bin/pg_ctl" -D "$pg/data" -m immediate -w stop) >/dev/null 2>&1
says "without the database a server is not ready" '"ready":false' ready left
start "$port"
for side in left right; do
	says "after a crash of the database the $side one is ready" '"ready":true' ready $side
	says "and answers" "served.crt: revoked" ocsp $side
done
kill -9 "$served" && wait "$served" 2>/dev/null
says "the other goes on when one is killed" "served.crt: revoked" ocsp left
says "the audit chain of all is whole" "is whole" certwright audit verify

# Two servers behind one address, which each connection reaches another of: REST,
# ACME, lists and answers; one is killed under load and starts again.
kill $started 2>/dev/null
for process in $started; do wait "$process" 2>/dev/null; done
started=
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
dns=$(free) manage=$(free) http=$(free) left=$(free) right=$(free)
pebble-challtestsrv -dns01 "127.0.0.1:$dns" -http01 "" -https01 "" -tlsalpn01 "" -defaultIPv4 127.0.0.1 -defaultIPv6 "" -management "127.0.0.1:$manage" >dns.log 2>&1 &
started="$started $!"
"$here/lib/between" front.port "$left" "$right" >between.log 2>&1 &
started="$started $!"
until [ -s front.port ]; do sleep 0.05; done
front=$(cat front.port)
for side in "$CERTWRIGHT_HOME" other; do
	cat >"$side/config.yaml" <<C
server: { names: [localhost], url: "https://localhost:$front", ca: issuing }
acme: { ca: issuing, allow-networks: [127.0.0.0/8], resolvers: ["127.0.0.1:$dns"], http-port: $http, shared-nonces: true }
C
done
begin() { # HOME PORT READY: a server, whose process is then $served
	rm -f "$3"
	certwright --home "$1" serve --listen "127.0.0.1:$2" --plain-listen 127.0.0.1:0 --ready-file "$3" >>"$3.log" 2>&1 &
	served=$!
	started="$started $served"
	until [ -s "$3" ] || ! kill -0 $served 2>/dev/null; do sleep 0.05; done
}
begin "$CERTWRIGHT_HOME" "$left" left.json
begin other "$right" right.json
holds "two servers start behind one address" test -s left.json -a -s right.json
certwright token new shop --role applicant --role officer >shop.token 2>output || cat output
api() { curl -sS --cacert root.crt -H "Authorization: Bearer $(cat shop.token)" "$@"; }
mkdir four
i=0
while [ $i -lt 24 ]; do
	i=$((i + 1))
	openssl ecparam -name prime256v1 -genkey -noout -out k.key
	openssl req -new -key k.key -subj "/CN=four$i.example" -addext "subjectAltName=DNS:four$i.example" -out "four/$i.csr"
done
submit() { # NUMBER: again while the connection breaks, or the same is under way
	tries=0
	while [ $tries -lt 40 ]; do
		tries=$((tries + 1))
		code=$(api -H "Idempotency-Key: four-$1" -H 'Content-Type: application/pkcs10' --data-binary "@four/$1.csr" \
			-o "four/$1.json" -w '%{http_code}' "https://localhost:$front/api/v1/requests?profile=server&ca=issuing") || code=000
		case $code in
		2*) return 0 ;;
		000 | 409) sleep 0.2 ;;
		*) break ;;
		esac
	done
	cat "four/$1.json"
	return 1
}
says "REST: a request at one" '"state":"issued"' api -H 'Content-Type: application/pkcs10' --data-binary @two/2.csr "https://localhost:$left/api/v1/requests?profile=server&ca=issuing"
for _ in 1 2 3; do submit 1; done
says "REST: the same at both, three times, is one certificate" "1" sql -d certwright -At -c "SELECT COUNT(*) FROM certificate WHERE folded LIKE '%dns:four1.example%'"
serial=$(grep -o '"serial":"[0-9a-f]*"' four/1.json | head -1 | cut -d '"' -f 4)
for side in $left $right; do says "REST: the certificate is fetched at either" "four1.example" api "https://localhost:$side/api/v1/certificates/$serial"; done
go_lego() { LEGO_CA_CERTIFICATES=$PWD/root.crt lego --accept-tos --server "https://localhost:$front/acme/directory" --email lego@b.test --path lego --domains lego.test "$@"; }
holds "ACME: lego gets a certificate" go_lego --http --http.port "127.0.0.1:$http" run
holds "ACME: its chain verifies" openssl verify -CAfile root.crt -untrusted lego/certificates/lego.test.crt lego/certificates/lego.test.crt
holds "ACME: lego renews it" go_lego --http --http.port "127.0.0.1:$http" renew --days 1000 --no-random-sleep
cp lego/certificates/lego.test.crt served.crt
for side in left right; do says "OCSP: the $side one knows it" "served.crt: good" ocsp $side; done
holds "ACME: lego revokes it" go_lego revoke
for side in left right; do
	says "OCSP: the $side one knows that it was revoked" "served.crt: revoked" ocsp $side
done
serial=$(openssl x509 -in served.crt -noout -serial | cut -d = -f 2)
listed() { curl -sf "$(field "$1.json" plainUrl)/crl/issuing.crl" | openssl crl -inform DER -noout -text | grep -q "$serial"; }
holds "CRL: a list is published by one home" certwright crl publish --ca issuing
for side in left right; do holds "CRL: it is the list of the $side one" until_ok 50 listed $side; done
(for n in $(seq 2 12); do submit "$n" || echo "$n failed"; done) >first.load 2>&1 & first=$!
(for n in $(seq 13 24); do submit "$n" || echo "$n failed"; done) >second.load 2>&1 & second=$!
tries=0
until [ -s four/3.json ] || [ $tries -ge 500 ]; do tries=$((tries + 1)); sleep 0.01; done
kill -9 "$served" && wait "$served" 2>/dev/null
begin other "$right" right.json
wait $first $second
says "REST: every request is answered though one server was killed and started again" "24 0" echo "$(grep -l '"state":"issued"' four/*.json | wc -l) $(cat first.load second.load | grep -c failed)"
says "each is one certificate" "24|24" sql -d certwright -At -c "SELECT COUNT(DISTINCT key_fingerprint), COUNT(*) FROM certificate WHERE folded LIKE '%dns:four%'"
cat four/*.json | grep -o '"serial":"[0-9a-f]*"' | cut -d '"' -f 4 | sort -u >told
sql -d certwright -At -c "SELECT encode(serial, 'hex') FROM certificate WHERE folded LIKE '%dns:four%'" | sort >stored
report "$([ -z "$(comm -23 told stored)" ] && [ "$(wc -l <told)" = 24 ]; echo $?)" "every certificate that was told is there"
says "the server that was killed answers" "served.crt: revoked" ocsp right
says "the audit chain of all is whole" "is whole" certwright audit verify

# Two servers with homes of their own start at once on an empty database.
sql -c "CREATE DATABASE empty OWNER certwright" >/dev/null
empty=$(echo "$CERTWRIGHT_DATABASE" | sed 's,/certwright?,/empty?,')
for side in one two; do
	CERTWRIGHT_DATABASE=$empty certwright --home "new-$side" serve --listen 127.0.0.1:0 --plain-listen 127.0.0.1:0 --ready-file "new-$side.json" >"new-$side.log" 2>&1 &
	started="$started $!"
done
told_missing() { grep -qs 'certwright: error: the key issuing-[0-9a-f]*.key is not in new-' new-one.log new-two.log; }
one_serves() { { [ -s new-one.json ] || [ -s new-two.json ]; } && told_missing; }
holds "one of two that start at once serves, the other names the key it lacks" until_ok 150 one_serves
says "one authority was made, and what is below it" "issuing,root" sql -d empty -At -c "SELECT string_agg(name, ',' ORDER BY name) FROM ca"
says "and one first token" "1" sql -d empty -At -c "SELECT COUNT(*) FROM record WHERE kind = 'token'"
maker=one lacks=two
[ -s new-one.json ] || { maker=two lacks=one; }
cp -r "new-$maker/keys" "new-$lacks"
CERTWRIGHT_DATABASE=$empty certwright --home "new-$lacks" serve --listen 127.0.0.1:0 --plain-listen 127.0.0.1:0 --ready-file again.json >again.log 2>&1 &
started="$started $!"
holds "with a copy of the keys it serves, too" until_ok 150 test -s again.json
fails "no log tells the password" grep -F "$PGPASSWORD" left.json.log right.json.log new-one.log new-two.log again.log "$pg/log"
finish

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
fails "no log tells the password" grep -F "$PGPASSWORD" left.json.log right.json.log "$pg/log"
finish

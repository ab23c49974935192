#!/bin/sh
# certwright openssl cmp and openssl cmp, side by side: at openssl's mock server
# they tell the same and write the same; at our server both get what they ask.
. "$(dirname "$0")/lib/checks"
. "$here/lib/mock-cmp"

openssl ecparam -name prime256v1 -genkey -noout -out k.key
openssl ecparam -name prime256v1 -genkey -noout -out k2.key
openssl pkey -in k.key -aes256 -passout pass:12345 -out locked.key
mock_credentials k.key
cat >cmp.cnf <<'C'
[ signed ]
cert = dev2.crt
key = locked.key
keypass = pass:12345
trusted = srv.crt

[ shared ]
ref = 1234
secret = pass:secret

[ new ]
newkey = k.key
certout = new.crt
chainout = chain.pem
extracertsout = extra.pem
cacertsout = pubs.pem
subject = "/O=Example/CN=device"
C
# told leaves of a log what does not depend on the client: not where in its
# source openssl tells it, its queue of errors, or the words for what HTTP said.
told() {
	sed -E 's/^[A-Za-z0-9_]+:[^ ]*\.c:[0-9]+:CMP/CMP/; s/127.0.0.1:[0-9]+/SERVER/g; s/(error validating signature):.*/\1/' |
		grep -E '^(CMP|cmp|Warning)' | grep -vE 'CMP (info|server error): received .*PKIStatus|key values mismatch|EVP lib|error receiving|code=404|answers 404' || true
}
written="new.crt chain.pem extra.pem pubs.pem"
run() { # NAME COMMAND…: its log and its files go to NAME
	name=$1; shift
	rm -rf $written "$name" && mkdir "$name"
	"$@" -server "$url" -recipient /CN=mock >"$name.out" 2>"$name.err"
	echo "exit $?" >"$name/log"
	told <"$name.out" >>"$name/log"
	told <"$name.err" >>"$name/log"
	for file in $written; do
		[ ! -e $file ] || mv $file "$name/"
	done
}
both() { # OPTIONS…
	run theirs openssl cmp "$@"
	run ours certwright openssl cmp "$@"
	diff -r theirs ours && cat ours/log
}
same() { # WHAT EXIT TEXT OPTIONS…: both do the same, with this exit code, and tell the text
	what=$1 exit=$2 text=$3; shift 3
	mocked both "$@" >output 2>&1 && grep -qx "exit $exit" output && grep -qF -- "$text" output
	report $? "$what"
}
for by in shared signed; do
	with="-config cmp.cnf -section new,$by"
	got="received 1 enrolled certificate(s), saving to file 'new.crt'"
	# shellcheck disable=SC2086
	{
		same "ir ($by)" 0 "$got" $with -cmd ir
		same "cr with names, days, policies ($by)" 0 "$got" $with -cmd cr -sans critical,a.example,127.0.0.1,http://a.example -days 3 -policy_oids 1.2.3
		same "p10cr ($by)" 0 "$got" $with -cmd p10cr -csr d.csr
		same "ir from a PKCS #10 request ($by)" 0 "$got" $with -cmd ir -csr d.csr
		same "a certificate for another key is rejected ($by)" 1 "does not match our enrollment key" $with -cmd ir -newkey k2.key
		same "a certificate that is not valid is rejected ($by)" 1 "failed to validate newly enrolled cert" $with -cmd ir -out_trusted dev2.crt
		same "no confirmation ($by)" 0 "$got" $with -cmd cr -disable_confirm
		same "genm ($by)" 0 "genp contains ITAV of type: id-it-caCerts" $with -cmd genm -infotype caCerts
		same "another sender than expected ($by)" 1 "does not match expected sender = /CN=other" $with -cmd cr -expect_sender /CN=other
		same "no connection is kept ($by)" 0 "$got" $with -cmd cr -keep_alive 0
		same "a wrong path ($by)" 1 "transfer error:request sent: CR, expected response: CP" $with -cmd cr -path /other -verbosity 3
		MOCK="-grant_implicitconf"
		same "implicit confirmation ($by)" 0 "$got" $with -cmd ir -implicit_confirm
		MOCK="-poll_count 2 -check_after 0"
		same "polling ($by)" 0 "received polling response; checkAfter = 0 seconds" $with -cmd ir
		MOCK="-pkistatus 2 -failurebits 67108865 -statusstring no"
		same "a refusal ($by)" 1 'PKIFailureInfo: badAlg, duplicateCertReq; StatusString: "no"' $with -cmd cr
		MOCK="-send_error -pkistatus 2 -failure 3"
		same "an error ($by)" 1 "received error:PKIStatus: rejection" $with -cmd cr
		MOCK="-pkistatus 1"
		same "a certificate with changes ($by)" 0 'received "grantedWithMods" for certificate' $with -cmd cr
		MOCK="-send_unprotected"
		same "an answer without protection ($by)" 1 "missing protection" $with -cmd cr
		MOCK="-send_unprot_err -pkistatus 2 -failure 9"
		same "a refusal without protection ($by)" 1 "missing protection" $with -cmd cr
		same "a refusal without protection, believed ($by)" 1 "ignoring missing protection of CertRepMessage with rejection status" $with -cmd cr -unprotected_errors
		MOCK="-accept_raverified"
		same "possession that is vouched for ($by)" 0 "$got" $with -cmd cr -popo 0
		MOCK="-rsp_extracerts srv.crt -rsp_capubs srv.crt"
		same "certificates of the authority ($by)" 0 "received 1 CA certificate(s), saving to file 'pubs.pem'" $with -cmd ir -out_trusted srv.crt
		MOCK=
	}
done
with="-config cmp.cnf -section new,signed"
# shellcheck disable=SC2086
{
	same "kur" 0 "$got" $with -cmd kur -subject ""
	same "kur of another certificate" 1 "CMP " $with -cmd kur -oldcert srv.crt
	same "rr" 0 "revocation accepted (PKIStatus=accepted)" $with -cmd rr -oldcert dev2.crt -revreason 4
	same "rr by a request" 0 "revocation accepted" $with -cmd rr -csr d.csr
	same "a server's certificate that is known" 0 "$got" $with -cmd cr -trusted "" -srvcert srv.crt
	same "another server's certificate" 1 "srvcert does not validate msg" $with -cmd cr -trusted "" -srvcert dev2.crt -expect_sender /CN=mock
	same "a trusted certificate that the server's is not under" 1 "no suitable sender cert" $with -cmd cr -trusted dev2.crt -verbosity 3
	same "a wrong secret" 1 "wrong pbm value" -config cmp.cnf -section new,shared -cmd cr -secret pass:wrong
	MOCK="-accept_unprotected"
	same "requests without protection" 0 "$got" $with -cmd cr -unprotected_requests
	MOCK=
	same "other digests" 0 "$got" -config cmp.cnf -section new,shared -cmd cr -digest sha512 -mac hmacWithSHA384
}

# At our server, the same for both.
certwright serve --listen 127.0.0.1:0 --plain-listen 127.0.0.1:0 --ready-file ready.json >serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait; rm -rf "$scratch"' EXIT
holds "the server starts" until_ok 150 test -s ready.json
plain=$(sed 's/.*"plainUrl":"http:..\([^"]*\)".*/\1/' ready.json)
secure=$(sed 's/.*"url":"https:..\([^"]*\)".*/\1/' ready.json)
certwright secret new dev --door cmp --profile device --uses 50 >dev.secret 2>output || cat output
openssl genrsa -out rsa.key 2048 2>/dev/null
for client in "openssl cmp" "certwright openssl cmp"; do
	for by in "-server $plain" "-server $secure -tls_used -tls_trusted home/root.crt"; do
		at() { # OPTIONS…
			rm -f got.crt
			# shellcheck disable=SC2086
			$client -config '' -recipient /CN=CA $by -path /.well-known/cmp -certout got.crt -extracertsout extra.pem "$@"
		}
		shared() { at "$@" -ref dev -secret file:dev.secret; }
		signed() { at "$@" -cert dev.crt -key k.key -trusted home/root.crt -untrusted trust.pem -out_trusted home/root.crt; }
		how="$client ${by%% 127*}${by##*[0-9]}"
		holds "$how: ir" shared -cmd ir -newkey k.key -subject /CN=dev -sans dev.example
		cp got.crt dev.crt; cp extra.pem trust.pem
		holds "$how: the certificate chains to the root" openssl verify -CAfile home/root.crt -untrusted trust.pem dev.crt
		holds "$how: cr, implicitly confirmed" shared -cmd cr -newkey k2.key -subject /CN=dev -sans dev.example -implicit_confirm
		openssl req -new -key k2.key -subj /CN=dev -addext subjectAltName=DNS:dev.example -out dev.csr
		holds "$how: p10cr" signed -cmd p10cr -csr dev.csr
		says "$how: genm" "id-it-caCerts" signed -cmd genm -infotype caCerts
		holds "$how: kur" signed -cmd kur -newkey k2.key
		says "$how: rr" "revocation accepted (PKIStatus=accepted)" signed -cmd rr -oldcert dev.crt -revreason 5
		says "$how: a message by a revoked certificate" "PKIFailureInfo: certRevoked" signed -cmd cr -newkey k2.key -unprotected_errors
	done
done
says "certwright openssl cmp: a certificate that comes encrypted to its key" "received 1 enrolled" shared -cmd ir -newkey rsa.key -subject /CN=dev -popo 2
holds "and is for the key" certwright match rsa.key got.crt
says "certwright openssl cmp: a host that the TLS certificate is not for" "is not for else.example" shared -cmd genm -tls_host else.example
says "certwright openssl cmp: a root that the TLS certificate is not under" "is not valid under -tls_trusted" shared -cmd genm -tls_trusted srv.crt
finish

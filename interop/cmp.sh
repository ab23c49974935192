#!/bin/sh
# openssl cmp against our server: every kind of message, by shared secret and
# by signature, explicit and implicit confirmation, an officer's decision,
# refusals. Our client against openssl's mock server.
. "$(dirname "$0")/lib/checks"
. "$here/lib/mock-cmp"
. "$here/lib/factory"
(cd "$here/.." && go build -o "$scratch/bin/cmpdrive" ./interop/cmpdrive) || exit 1

mkdir -p home/profiles
cat >home/profiles/reviewed.yaml <<'Y'
name: reviewed
version: 1
issuance: review
keys: { ec: [P-256] }
validity: { default: 30d }
subject: { attributes: { CN: { max: 64 } } }
names: { kinds: [dns] }
Y
cat >home/profiles/making.yaml <<'Y'
name: making
version: 1
keys: { ec: [P-256], rsa: { min: 2048 }, central: allow }
validity: { default: 30d }
subject: { attributes: { CN: { max: 64 } } }
extensions: { keyUsage: { default: [digitalSignature, keyEncipherment, keyAgreement] } }
Y
manufacturer acme
manufacturer other
made acme maker sn-7
made acme gone sn-8 && lost acme gone
made acme old sn-9 -startdate 20200101000000Z -enddate 20210101000000Z
made other stranger sn-7
cat >home/config.yaml <<'Y'
cmp:
  check-after: 1s
  manufacturers:
    - { name: acme, roots: acme-root.pem, crls: acme.crls, profile: device, same: serialNumber, names: "dns:{serialNumber}.plant.example" }
Y
holds "the configuration holds" certwright config check
certwright serve --listen 127.0.0.1:0 --plain-listen 127.0.0.1:0 --ready-file ready.json >serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait; rm -rf "$scratch"' EXIT
holds "the server starts" until_ok 150 test -s ready.json
plain=$(sed 's/.*"plainUrl":"http:..\([^"]*\)".*/\1/' ready.json)
secure=$(sed 's/.*"url":"\(https[^"]*\)".*/\1/' ready.json)
cp home/root.crt root.crt
share() { # REFERENCE JSON…: makes a shared secret
	curl -fsS --cacert root.crt -H "Authorization: Bearer $(cat home/first-token)" -H "Content-Type: application/json" \
		-d "{\"reference\":\"$1\",\"value\":\"shared with $1\"$2}" "$secure/api/v1/secrets"
}
holds "a shared secret is made" share dev ',"profile":"device"'
holds "and one for a profile where an officer decides" share held ',"profile":"reviewed"'
holds "and one for a profile where the authority may make keys" share making ',"profile":"making"'

openssl ecparam -name prime256v1 -genkey -noout -out k.key
openssl ecparam -name prime256v1 -genkey -noout -out k2.key
ask() { # PATH OPTIONS…
	path=$1; shift
	rm -f got.crt
	openssl cmp -config '' -server "$plain$path" -recipient /CN=CA -certout got.crt -extracertsout extra.pem "$@"
}
secret() { ask "$@" -ref dev -secret "pass:shared with dev"; }
signed() { ask "$@" -cert dev.crt -key k.key -trusted root.crt -untrusted trust.pem; }
chains() { openssl verify -CAfile root.crt -untrusted extra.pem got.crt; }
root=/.well-known/cmp

holds "ir by secret" secret $root -cmd ir -newkey k.key -subject /CN=pump -sans pump.example
holds "the certificate chains to the root" chains
cp got.crt dev.crt
cp extra.pem trust.pem
holds "ir at /pkix/" secret /pkix/ -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example
holds "ir at the profile's own address" secret $root/p/device -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example
holds "cr by secret, implicitly confirmed" secret $root -cmd cr -newkey k2.key -subject /CN=pump -sans pump.example -implicit_confirm
holds "cr by signature" signed $root -cmd cr -newkey k2.key -subject /CN=pump -sans pump.example
holds "the certificate chains to the root" chains
openssl req -new -key k2.key -subj /CN=pump -addext subjectAltName=DNS:pump.example -out k2.csr
holds "p10cr by secret" secret $root -cmd p10cr -csr k2.csr
holds "p10cr by signature, implicitly confirmed" signed $root -cmd p10cr -csr k2.csr -implicit_confirm
holds "kur by signature" signed $root -cmd kur -newkey k2.key -oldcert dev.crt
openssl genrsa -out rsa.key 2048 2>/dev/null
holds "ir of an RSA key that only decrypts, the certificate encrypted to it" secret $root -cmd ir -newkey rsa.key -subject /CN=pump -sans pump.example -popo 2
holds "the certificate is for that key" sh -c 'test "$(openssl x509 -in got.crt -noout -pubkey)" = "$(openssl pkey -in rsa.key -pubout)"'
for what in caCerts signKeyPairTypes encKeyPairTypes preferredSymmAlg currentCRL suppLangTags caProtEncCert; do
	says "genm $what by signature" "genp contains ITAV" signed $root -cmd genm -infotype $what
done
says "genm caCerts by secret" "id-it-caCerts" secret $root -cmd genm -infotype caCerts

# An officer decides while the client polls.
ask $root -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example -ref held -secret "pass:shared with held" -total_timeout 100 >polled 2>&1 &
polling=$!
ticket() { certwright review list --output json 2>/dev/null | grep -o '"01[0-9A-Z]\{24\}"' | head -1 | tr -d '"'; }
has_ticket() { [ -n "$(ticket)" ]; }
if until_ok 50 has_ticket; then
	holds "an officer approves what is polled for" certwright review approve "$(ticket)" --officer olga --yes
	wait $polling
	report $? "and the client gets its certificate by polling"
	cp polled output
else
	cp polled output
	report 1 "a request is held for an officer"
fi

# What is refused, with the bit that says why.
refused() { # WHAT BIT COMMAND…
	what=$1 bit=$2; shift 2
	"$@" >output 2>&1 && echo "it was not refused" >>output
	grep -qF -- "$bit" output && ! grep -qF "it was not refused" output
	report $? "$what: $bit"
}
refused "a wrong secret" badMessageCheck ask $root -cmd ir -newkey k2.key -subject /CN=x -ref dev -secret pass:wrong -unprotected_errors
refused "a reference that is not known" badMessageCheck ask $root -cmd ir -newkey k2.key -subject /CN=x -ref nobody -secret pass:wrong -unprotected_errors
refused "kur by secret" wrongIntegrity secret $root -cmd kur -newkey k2.key -oldcert dev.crt
refused "rr by secret" wrongIntegrity secret $root -cmd rr -oldcert dev.crt
refused "a profile that does not exist" notAuthorized secret $root/p/nothing -cmd ir -newkey k2.key -subject /CN=x
refused "another subject by signature" notAuthorized signed $root -cmd cr -newkey k2.key -subject /CN=other
refused "possession vouched for by nobody" notAuthorized secret $root -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example -popo 0
refused "no proof of possession" badPOP secret $root -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example -popo -1
holds "a transaction is recorded" secret $root -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example -reqout m1,m2 -rspout r1,r2
refused "and not taken twice" transactionIdInUse secret $root -cmd ir -newkey k2.key -subject /CN=pump -sans pump.example -reqin m1,m2
holds "rr by signature" signed $root -cmd rr -oldcert dev.crt -revreason 4
says "the certificate is revoked" "revoked" certwright show "$(openssl x509 -in dev.crt -noout -serial | cut -d= -f2)"
refused "a message by a revoked certificate" certRevoked signed $root -cmd cr -newkey k2.key -subject /CN=pump -sans pump.example

# Devices have their first certificate by that of their manufacturer.
device() { # NAME OPTIONS…
	who=$1; shift
	ask $root -cmd ir -newkey k2.key -cert $who.crt -key $who.key -trusted root.crt -untrusted trust.pem -unprotected_errors "$@"
}
mine="-subject /serialNumber=sn-7/CN=pump"
# shellcheck disable=SC2086
{
	holds "ir by the certificate of a manufacturer" device maker -extracerts acme-sub.pem $mine -sans sn-7.plant.example
	holds "the certificate chains to the root" chains
	cp got.crt sn7.crt
	holds "kur by the certificate that came of it" ask $root -cmd kur -newkey k.key -cert sn7.crt -key k2.key -trusted root.crt -untrusted trust.pem
	openssl req -new -key k2.key -subj /serialNumber=sn-7/CN=pump -out sn7.csr
	holds "p10cr by the certificate of a manufacturer" device maker -extracerts acme-sub.pem -cmd p10cr -csr sn7.csr -implicit_confirm
	refused "a device without the certificates above its own" signerNotTrusted device maker $mine
	refused "a device of another manufacturer" signerNotTrusted device stranger -extracerts other-sub.pem $mine
	refused "a device whose certificate has expired" signerNotTrusted device old -extracerts acme-sub.pem $mine
	refused "a device that its manufacturer has revoked" certRevoked device gone -extracerts acme-sub.pem $mine
	refused "the serial number of another device" notAuthorized device maker -extracerts acme-sub.pem -subject /serialNumber=sn-8/CN=pump
	refused "the name of another device" notAuthorized device maker -extracerts acme-sub.pem $mine -sans sn-8.plant.example
	refused "cr by the certificate of a manufacturer" notAuthorized device maker -extracerts acme-sub.pem -cmd cr $mine
	refused "kur by the certificate of a manufacturer" notAuthorized device maker -extracerts acme-sub.pem -cmd kur $mine
	refused "rr by the certificate of a manufacturer" notAuthorized device maker -extracerts acme-sub.pem -cmd rr -oldcert maker.crt
}
enrols() { # NAME OPTIONS…
	who=$1; shift
	certwright enroll "http://$plain$root" --signer $who.crt --signer-key $who.key --root root.crt --key k.key --subject CN=pump,serialNumber=sn-7 --out ours7.crt "$@"
}
holds "certwright enroll by the certificate of a manufacturer" enrols maker --chain acme-sub.pem --san sn-7.plant.example
holds "the certificate is valid" certwright verify ours7.crt --root root.crt
says "certwright enroll without the certificates above" "signerNotTrusted" enrols maker
says "certwright enroll by a certificate of another manufacturer" "signerNotTrusted" enrols stranger --chain other-sub.pem
says "certwright enroll by an expired one" "expired" enrols old --chain acme-sub.pem
says "certwright enroll by a revoked one" "certRevoked" enrols gone --chain acme-sub.pem

# The client of BouncyCastle.
jars=/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar
holds "the client of BouncyCastle compiles" javac -cp $jars -d . "$here/cmp/Client.java"
bouncy() { java -cp "$jars:." Client "http://$plain$root" "$@"; }
holds "BouncyCastle: ir and certConf by secret" bouncy dev "shared with dev" ir
holds "BouncyCastle: cr and certConf by secret" bouncy dev "shared with dev" cr
holds "BouncyCastle: the certificate encrypted to its key" bouncy dev "shared with dev" encrypted
holds "BouncyCastle: a key that the authority makes, by the secret" bouncy making "shared with making" made
holds "BouncyCastle: a key that the authority makes, by an RSA certificate" bouncy making "shared with making" made-RSA
holds "BouncyCastle: a key that the authority makes, by an EC certificate" bouncy making "shared with making" made-EC
says "BouncyCastle: and none where the profile does not let it" "has no public key" bouncy dev "shared with dev" made
refused "BouncyCastle: a wrong secret" badMessageCheck bouncy dev "shared with others" ir

# Our client against our server.
holds "our client: ir by PBMAC1, version 3" cmpdrive -url "http://$plain$root" -cmd ir -pvno 3 -mac pbmac1 -ref dev -secret "shared with dev" -newkey k.key -subject "CN=ours" -out ours.crt

made_here() { certwright enroll "http://$plain$root" --secret "making:pass:shared with making" --central-key --key-out central.key --cn central "$@"; }
holds "our client: a key that the authority makes" made_here
holds "and its certificate is for it" certwright match central.key central.crt
if openssl cmp -help 2>&1 | grep -q centralkeygen; then
	holds "openssl: a key that the authority makes" ask $root -cmd ir -centralkeygen -newkeyout theirs.key -subject /CN=central -ref making -secret "pass:shared with making"
fi

# Our client against openssl's mock server.
mock_credentials k.key
driven() { cmpdrive -url "$url" -recipient CN=mock "$@"; }
drive() { mocked driven "$@"; }
enrolled() { rm -f mocked.crt && certwright enroll "$url" --key k.key --cn device --out mocked.crt "$@"; }
by_request() { certwright enroll "$url" --csr d.csr --secret 1234:pass:secret --out mocked.crt; }
again() { verb=$1; shift; certwright enroll "$verb" "$url" "$@"; }
for protection in "-ref 1234 -secret secret" "-cert dev2.crt -key k.key -srvcert srv.crt"; do
	for command in ir cr p10cr genm rr; do
		[ "$command $protection" != "rr -ref 1234 -secret secret" ] || protection="$protection -cert dev2.crt"
		# shellcheck disable=SC2086
		holds "our client at openssl's mock server: $command $protection" drive -cmd $command -newkey k.key $protection
	done
	MOCK="-grant_implicitconf"
	# shellcheck disable=SC2086
	holds "our client at openssl's mock server: implicitly confirmed" drive -cmd ir -implicit -newkey k.key $protection
	MOCK="-poll_count 2 -check_after 1"
	# shellcheck disable=SC2086
	says "our client at openssl's mock server: polls" "waiting 1" drive -cmd ir -newkey k.key $protection
	MOCK="-pkistatus 2 -failurebits 67108864 -statusstring no"
	# shellcheck disable=SC2086
	says "our client at openssl's mock server: hears why it is refused" "the server refuses: rejection (duplicateCertReq): no" drive -cmd ir -newkey k.key $protection
	MOCK=
done
holds "our client at openssl's mock server: kur" drive -cmd kur -newkey k.key -cert dev2.crt -key k.key -srvcert srv.crt
# certwright enroll there.
for protection in "--secret 1234:pass:secret" "--signer dev2.crt --signer-key k.key --root srv.crt"; do
	# shellcheck disable=SC2086
	holds "certwright enroll at openssl's mock server: $protection" mocked enrolled $protection
	MOCK="-grant_implicitconf"
	# shellcheck disable=SC2086
	holds "certwright enroll at openssl's mock server: implicitly confirmed" mocked enrolled --implicit-confirm $protection
	MOCK="-poll_count 2 -check_after 1"
	# shellcheck disable=SC2086
	says "certwright enroll at openssl's mock server: polls" "The request waits for a decision" mocked enrolled $protection
	MOCK="-pkistatus 2 -failurebits 67108864 -statusstring no"
	# shellcheck disable=SC2086
	says "certwright enroll at openssl's mock server: hears why it is refused" "the server refuses: no (duplicateCertReq)" mocked enrolled $protection
	MOCK=
done
holds "certwright enroll --csr at openssl's mock server" mocked by_request
holds "certwright enroll renew at openssl's mock server" mocked again renew dev2.crt --key k.key --root srv.crt --out mocked.crt
holds "certwright enroll revoke at openssl's mock server" mocked again revoke dev2.crt --key k.key --root srv.crt --yes
says "certwright enroll ca at openssl's mock server, which has none" "does not tell caCerts" mocked again ca --secret 1234:pass:secret
finish

#!/bin/sh
# Requests of other formats than PKCS#10, both ways: CRMF by openssl cmp and by
# BouncyCastle is printed, its proof of possession checked, and signed; ours is
# taken by both. SPKAC by openssl and BouncyCastle is signed; ours is verified
# by openssl, Node, Ruby, PHP and BouncyCastle.
source=$(cd "$(dirname "$0")" && pwd)/requests
. "$(dirname "$0")/lib/checks"

jars=/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar
javac -nowarn -Xlint:none -cp "$jars" -d . "$source/Requests.java" || exit 1
bouncy() { java -cp ".:$jars" Requests "$@"; }
signs() { certwright sign "$@"; }
# mock has openssl's CMP server read the message in $1, which holds requests.
mock() {
	openssl cmp -cmd ir -use_mock_srv -srv_ref x -srv_secret pass:secret -rsp_cert ca.crt -trusted ca.crt -recipient /CN=CA -ref x -secret pass:secret \
		-newkey ec.key -accept_unprotected -send_unprotected -unprotected_errors -certout mock.crt -verbosity 7 -reqin "$1" 2>&1
}
# taken reports whether that server found the proof of possession good.
taken() { mock "$1" >reply; cat reply; grep -q 'received IP' reply && ! grep -q rejection reply; }

certwright ca init --name Interop --quiet >/dev/null 2>&1
openssl ecparam -name prime256v1 -genkey -noout -out ec.key
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl req -x509 -new -key ec.key -subj /CN=CA -days 9 -out ca.crt

# CRMF by openssl: its mock server answers with what does not fit, after the
# request is written.
openssl cmp -use_mock_srv -srv_ref x -srv_secret pass:secret -rsp_cert ca.crt -trusted ca.crt -certout mock.crt -reqout openssl.der -cmd ir \
	-secret pass:secret -ref x -subject /O=Interop/CN=www.example.org -sans www.example.org -days 20 -newkey ec.key >/dev/null 2>&1
says "inspect prints the CRMF of openssl cmp" "possession  proven: the signature is of the key in the request" certwright inspect openssl.der
says "and its template" "not after" certwright inspect openssl.der
says "its possession is proven" "ok    possession" certwright verify openssl.der
holds "it is signed" signs openssl.der
says "and openssl reads the certificate" "CN = www.example.org" openssl x509 -in openssl.crt -noout -subject
openssl cmp -use_mock_srv -srv_ref x -srv_secret pass:secret -rsp_cert ca.crt -trusted ca.crt -certout mock.crt -reqout trusting.der -cmd ir \
	-secret pass:secret -ref x -subject /CN=ra.example.org -newkey ec.key -popo 0 >/dev/null 2>&1
fails "raVerified of openssl is refused to a plain applicant" signs trusting.der
holds "and taken of a registration authority" signs trusting.der --registration-authority

# CRMF by BouncyCastle.
for kind in signed sender mac encrypted raverified batch; do
	bouncy make $kind $kind.crmf $kind.key || exit 1
	says "inspect prints BouncyCastle's CRMF: $kind" "regToken  a token" certwright inspect $kind.crmf
done
holds "signed by its key: signed here" signs signed.crmf
fails "signed with a sender: refused where nobody authenticated that" signs sender.crmf
holds "signed with a sender: signed here" signs sender.crmf --sender dir:CN=Ann
fails "with a publicKeyMAC: refused with another secret" signs mac.crmf --secret pass:wrong
holds "with a publicKeyMAC: signed here" signs mac.crmf --secret "pass:shared secret"
fails "raVerified: refused to a plain applicant" signs raverified.crmf
holds "raVerified: signed here for a registration authority" signs raverified.crmf --registration-authority
holds "a batch: signed here" signs batch.crmf
holds "each of it has a certificate" test -s batch-1.crt -a -s batch-2.crt
holds "encrypted certificate: signed here" signs encrypted.crmf
holds "openssl decrypts it with the key" openssl cms -decrypt -inform PEM -in encrypted.encrypted.pem -inkey encrypted.key -binary -out encrypted.der
says "and confirmed" "the certificate is valid" certwright request confirm encrypted.encrypted.pem --key encrypted.key --out encrypted.crt

# Ours, by both.
certwright request new --key ec.key --format crmf --cn ours.example --challenge "pass:a token" --der --out ours.crmf 2>/dev/null
certwright request new --key rsa.key --use encipherment --cn ours.example --der --out later.crmf 2>/dev/null
says "BouncyCastle accepts our CRMF" "authenticator a token signature true" bouncy check ours.crmf
says "and one with a deferred proof" "proof 2" bouncy check later.crmf
holds "BouncyCastle wraps it into a CMP message" bouncy wrap ours.crmf ours.ir
holds "openssl's CMP server accepts it" taken ours.ir
head -c "$(($(wc -c <ours.crmf) - 1))" ours.crmf >forged.crmf
printf '\001' >>forged.crmf
holds "a forged one is wrapped as well" bouncy wrap forged.crmf forged.ir
says "and refused by openssl's CMP server" "PKIFailureInfo: badPOP" mock forged.ir

# SPKAC.
openssl spkac -key rsa.key -challenge fresh -digest sha256 -out openssl.spkac
echo CN=spkac.example >>openssl.spkac
holds "openssl's SPKAC is signed" signs openssl.spkac
says "with the subject of its file" "CN = spkac.example" openssl x509 -in openssl.crt -noout -subject
bouncy spkac bouncy.spkac
says "inspect prints BouncyCastle's SPKAC" "challenge   a challenge" certwright inspect bouncy.spkac
holds "and it verifies" certwright verify bouncy.spkac
certwright request new --key rsa.key --format spkac --cn spkac.example --challenge pass:fresh --out ours.spkac 2>/dev/null
grep '^SPKAC=' ours.spkac | cut -c7- >ours.base64
says "openssl verifies ours" "Signature OK" openssl spkac -in ours.spkac -noout -verify
says "Node verifies ours" "true fresh" node -e "const c = require('crypto').Certificate, s = require('fs').readFileSync('ours.base64', 'latin1').trim(); console.log(c.verifySpkac(s), c.exportChallenge(s).toString())"
says "Ruby verifies ours" "true fresh" ruby -ropenssl -e 's = OpenSSL::Netscape::SPKI.new(File.read("ours.base64").strip); puts "#{s.verify(s.public_key)} #{s.challenge}"'
# shellcheck disable=SC2016
says "PHP verifies ours" "true fresh" php -r '$s = trim(file_get_contents("ours.base64")); echo var_export(openssl_spki_verify($s), true), " ", openssl_spki_export_challenge($s), "\n";'
says "BouncyCastle verifies ours" "signature true" bouncy verify ours.base64 fresh
finish

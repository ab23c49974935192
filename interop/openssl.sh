#!/bin/sh
# Requests made by openssl and signed here, certificates and lists made here
# and verified by openssl, trees and keys compared with openssl's.
. "$(dirname "$0")/lib/checks"
seed=$here/../internal/specimen/testdata/wikipedia.csr

holds "asn1 prints the tree that openssl prints" sh -c "certwright asn1 '$seed' >ours && openssl asn1parse -i -in '$seed' >theirs && cmp ours theirs"
holds "quickstart in an empty home" certwright quickstart
certwright sign "$seed" >output 2>err
report "$([ $? = 1 ]; echo $?)" "the request whose signature does not verify is refused with exit 1"
says "the refusal gives the cause" "error:" cat err
says "the refusal gives a hint" "hint:" cat err
says "the refusal is recorded" "refused" certwright review list --all

cat >req.cnf <<'CNF'
[req]
prompt = no
string_mask = utf8only
distinguished_name = dn
attributes = attrs
req_extensions = ext
[dn]
C = DE
O = Prüfstelle
0.OU = One
1.OU = Two
CN = www.example.com
[attrs]
challengePassword = let me in
unstructuredName = an odd attribute
[ext]
subjectAltName = DNS:www.example.com, DNS:example.com, IP:192.0.2.7, IP:2001:db8::1
1.2.3.4.5 = ASN1:UTF8String:unknown
CNF
for kind in "rsa:2048" "ec:P-256" "ec:P-384" "ec:P-521" "ed25519:"; do
	name=$(echo "$kind" | tr -d ':')
	case $kind in
	rsa:*) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$name.key" 2>/dev/null ;;
	ec:*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:${kind#ec:}" -out "$name.key" 2>/dev/null ;;
	*) openssl genpkey -algorithm ED25519 -out "$name.key" 2>/dev/null ;;
	esac
	openssl req -new -config req.cnf -key "$name.key" -out "$name.csr" 2>/dev/null
	holds "$name: a request of openssl with SANs and odd attributes is signed" certwright sign "$name.csr"
	holds "$name: openssl verify accepts the chain" openssl verify -x509_strict -CAfile root.crt -untrusted "$name.crt" "$name.crt"
	says "$name: the names survive" "DNS:example.com" openssl x509 -in "$name.crt" -noout -ext subjectAltName
	holds "$name: openssl verifies the host name" openssl verify -CAfile root.crt -untrusted "$name.crt" -verify_hostname example.com "$name.crt"
done

holds "a revocation list of every authority" certwright crl publish --out .
cat ./*.crl.pem >lists.pem 2>/dev/null || cat ./*.crl >lists.pem
holds "openssl accepts the certificate under the list" openssl verify -crl_check_all -CRLfile lists.pem -CAfile root.crt -untrusted rsa2048.crt rsa2048.crt
holds "revoke" certwright revoke rsa2048.crt --reason keyCompromise --yes
certwright crl publish --out . >/dev/null 2>&1
cat ./*.crl.pem >lists.pem 2>/dev/null || cat ./*.crl >lists.pem
says "openssl sees the revocation" "certificate revoked" openssl verify -crl_check_all -CRLfile lists.pem -CAfile root.crt -untrusted rsa2048.crt rsa2048.crt

for kind in rsa-2048 rsa-3072 ecdsa-p256 ecdsa-p384 ecdsa-p521 ed25519; do
	certwright key new --type $kind --out new.key --force --passphrase pass:secret-42 >/dev/null 2>&1
	holds "$kind: openssl reads the encrypted key" openssl pkey -in new.key -passin pass:secret-42 -noout
	certwright request new --key new.key --passphrase pass:secret-42 --subject "CN=a.example,O=Ünï" --san dns:a.example --san ip:192.0.2.1 --out new.csr --force >/dev/null 2>&1
	says "$kind: openssl req -verify accepts our request" "verify OK" openssl req -in new.csr -verify -noout
done
for form in "-traditional -des3" "-traditional -aes256" "-aes256" "-des3"; do
	openssl genrsa $form -passout pass:old-secret -out old.key 2048 2>/dev/null
	says "openssl genrsa $form is read" "RSA" certwright inspect old.key --passphrase pass:old-secret
done
finish

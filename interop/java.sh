#!/bin/sh
# A request made by keytool, signed here, and taken back by keytool, which
# builds and checks the chain; our key stores listed by keytool.
. "$(dirname "$0")/lib/checks"

keytool -genkeypair -keystore k.p12 -storepass changeit -alias web -keyalg EC -groupname secp256r1 -dname "CN=java.example, O=Beans" >/dev/null 2>&1
keytool -certreq -keystore k.p12 -storepass changeit -alias web -ext san=dns:java.example,ip:192.0.2.3 -file java.csr >/dev/null 2>&1
holds "quickstart signs a request of keytool" certwright quickstart java.csr
says "keytool prints the certificate" "java.example" keytool -printcert -file java.crt
fails "keytool refuses the reply while it does not know the root" sh -c "yes no | keytool -importcert -keystore k.p12 -storepass changeit -alias web -file java.crt 2>&1 | grep -q 'reply was installed'"
holds "keytool takes the root" keytool -importcert -noprompt -keystore k.p12 -storepass changeit -alias root -file root.crt
says "keytool installs the reply, having checked the chain" "Certificate reply was installed in keystore" keytool -importcert -noprompt -trustcacerts -keystore k.p12 -storepass changeit -alias web -file java.crt
says "and holds the whole chain" "Certificate chain length: 3" keytool -list -v -keystore k.p12 -storepass changeit -alias web
certwright key new --type rsa-2048 --out j.key >/dev/null 2>&1
certwright request new --key j.key --subject CN=j.example --san dns:j.example --out j.csr >/dev/null 2>&1
certwright sign j.csr >/dev/null 2>&1
for form in pkcs12 jks; do
	holds "export as $form" certwright export j.crt --format $form --key j.key --new-passphrase pass:changeit --out "j.$form"
	says "keytool lists it" "PrivateKeyEntry" keytool -list -keystore "j.$form" -storepass changeit
done
certwright crl publish --out . >/dev/null 2>&1
for list in *.crl*; do
	says "keytool prints $list" "Signature Algorithm" keytool -printcrl -file "$list"
done
finish

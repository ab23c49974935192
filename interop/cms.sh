#!/bin/sh
# CMS both ways with openssl cms, in every combination that it knows, and with
# BouncyCastle, for Ed25519 signers too. (Neither knows X25519 recipients yet.)
. "$(dirname "$0")/lib/checks"
(cd "$here/.." && go build -o "$scratch/bin/cmsdrive" ./interop/cmsdrive) || exit 1

make_party() { # NAME ALGORITHM…
	name=$1; shift
	openssl req -x509 -newkey "$@" -nodes -keyout "$name.key" -out "$name.crt" -subj "/O=Example/CN=$name" 2>/dev/null
}
make_party rsa rsa:2048
make_party p256 ec -pkeyopt ec_paramgen_curve:P-256
make_party p384 ec -pkeyopt ec_paramgen_curve:P-384
make_party p521 ec -pkeyopt ec_paramgen_curve:P-521
make_party ed ed25519
awk 'BEGIN { for (i = 0; i < 300; i++) print "certwright " i }' >message
kek=000102030405060708090A0B0C0D0E0F
same() { "$@" >opened && cmp opened message; } # COMMAND…: writes the message

# Signatures
for party in rsa p256 p384 p521; do
	for variant in "" "-keyid" "-noattr" "-detached" "-hash sha512" "-pss"; do
		[ "$variant" != -pss ] || [ $party = rsa ] || continue
		content=
		[ "$variant" != -detached ] || content="-content message"
		# shellcheck disable=SC2086
		cmsdrive sign -cert $party.crt -key $party.key $variant <message >signed
		# shellcheck disable=SC2086
		holds "openssl verifies ours: $party $variant" same openssl cms -verify -binary -inform DER -in signed -noverify $content
	done
	for variant in "-nodetach" "-nodetach -stream" "-nodetach -keyid" "-nodetach -noattr" "" "-nodetach -md sha512" "-nodetach -keyopt rsa_padding_mode:pss"; do
		case $variant in *pss*) [ $party = rsa ] || continue ;; esac
		# shellcheck disable=SC2086
		openssl cms -sign -binary -outform DER -in message -signer $party.crt -inkey $party.key $variant -out signed
		holds "we verify openssl's: $party $variant" sh -c 'cmsdrive verify -content message <signed >opened && cmp opened message'
	done
done

# Encryption
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des-ede3-cbc aes-128-gcm aes-256-gcm; do
	for party in rsa p256 p384 p521; do
		for variant in "" "-keyid" "-pkcs1"; do
			[ "$variant" != -pkcs1 ] || [ $party = rsa ] || continue
			# shellcheck disable=SC2086
			cmsdrive encrypt -cert $party.crt -cipher $cipher $variant <message >sealed
			holds "openssl decrypts ours: $party $cipher $variant" same openssl cms -decrypt -binary -inform DER -in sealed -recip $party.crt -inkey $party.key
		done
		for variant in "" "-keyid" "-stream" "-keyopt rsa_padding_mode:oaep" "-keyopt ecdh_kdf_md:sha256"; do
			case $variant in *rsa*) [ $party = rsa ] || continue ;; *ecdh*) [ $party != rsa ] || continue ;; esac
			# shellcheck disable=SC2086
			openssl cms -encrypt -binary -outform DER -in message -$cipher -recip $party.crt $variant -out sealed
			holds "we decrypt openssl's: $party $cipher $variant" sh -c "cmsdrive decrypt -key $party.key <sealed >opened && cmp opened message"
		done
	done
	cmsdrive encrypt -password secret -cipher $cipher <message >sealed
	holds "openssl decrypts ours: password $cipher" same openssl cms -decrypt -binary -inform DER -in sealed -pwri_password secret
	cmsdrive encrypt -kek $kek -cipher $cipher <message >sealed
	holds "openssl decrypts ours: key $cipher" same openssl cms -decrypt -binary -inform DER -in sealed -secretkey $kek -secretkeyid C0FFEE
	openssl cms -encrypt -binary -outform DER -in message -$cipher -secretkey $kek -secretkeyid C0FFEE -out sealed
	holds "we decrypt openssl's: key $cipher" sh -c "cmsdrive decrypt -kek $kek <sealed >opened && cmp opened message"
	case $cipher in *gcm) continue ;; esac # openssl cannot wrap keys with it
	openssl cms -encrypt -binary -outform DER -in message -$cipher -pwri_password secret -out sealed
	holds "we decrypt openssl's: password $cipher" sh -c "cmsdrive decrypt -password secret <sealed >opened && cmp opened message"
done
cmsdrive encrypt -cert rsa.crt <message >sealed
fails "nothing is decrypted by another key" cmsdrive decrypt -key p256.key <sealed
cp output why
holds "and the error is the one there is" grep -qF "the message cannot be decrypted: it is not for this key or passphrase, or it is damaged" why

# BouncyCastle
jars=/usr/share/java/bcprov.jar:/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar
holds "the programs of BouncyCastle compile" javac -cp $jars -d . "$here/cms/Message.java"
bouncy() { java -cp "$jars:." Message "$@"; }
for party in ed rsa p384; do
	cmsdrive sign -cert $party.crt -key $party.key <message >signed
	holds "BouncyCastle verifies ours: $party" same bouncy verify <signed
	openssl pkcs8 -topk8 -nocrypt -in $party.key -outform DER -out $party.p8
	bouncy sign $party.crt $party.p8 <message >signed
	holds "we verify BouncyCastle's: $party" sh -c 'cmsdrive verify <signed >opened && cmp opened message'
done
for party in p521 rsa; do
	openssl pkcs8 -topk8 -nocrypt -in $party.key -outform DER -out $party.p8
	for cipher in aes-256-cbc aes-128-gcm; do
		cmsdrive encrypt -cert $party.crt -cipher $cipher <message >sealed
		holds "BouncyCastle decrypts ours: $party $cipher" same bouncy decrypt $party.crt $party.p8 $cipher <sealed
		bouncy encrypt $party.crt $party.p8 $cipher <message >sealed
		holds "we decrypt BouncyCastle's: $party $cipher" sh -c "cmsdrive decrypt -key $party.key <sealed >opened && cmp opened message"
	done
done
finish

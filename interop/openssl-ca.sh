#!/bin/sh
# One script, an authority of one's own, runs unchanged with openssl and with
# certwright under that name. The two results differ only in keys, serial
# numbers, times and signatures.
. "$(dirname "$0")/lib/checks"

# masked leaves of a text what does not depend on keys, numbers drawn at random
# and the time.
masked() {
	sed -E \
		-e '/^[.+*-]*$/d' \
		-e 's/[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){3,}:?/HEX/g' \
		-e 's/^( *(Serial Number|serial):).*/\1 NUMBER/' \
		-e 's/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] [0-9:]{8} [0-9]{4} GMT/TIME/g' \
		-e 's/(INTEGER +|ENUMERATED +|UTCTIME +|GENERALIZEDTIME +|\[HEX DUMP\]):.*/\1: MASKED/' \
		-e 's/^ *[0-9]+:(d=[0-9]+) .*l= *[0-9]+ (prim|cons)/\1 \2/' \
		-e 's/^ +[0-9a-f]{2}(:[0-9a-f]{2}){0,2}$/HEX/' -e 's/\t[0-9]{12}Z/\tTIME/g' \
		-e 's/^Modulus=.*/MODULUS/' | awk '$0 == "HEX" || $1 == "HEX" { if (!hex) print "HEX"; hex = 1; next } { hex = 0; print }'
}

: >output
names=$(openssl version)
mkdir theirs ours links
ln -s "$certwright" links/openssl
(cd theirs && sh "$here/lib/own-ca") >theirs.out 2>theirs.err
report $? "$names runs the script"
(cd ours && PATH=$scratch/links:$PATH && sh "$here/lib/own-ca") >ours.out 2>ours.err
report $? "certwright, by a link named openssl, runs the script"
for stream in out err; do
	masked <theirs.$stream >theirs.$stream.masked
	masked <ours.$stream >ours.$stream.masked
	holds "they print the same to $stream" diff theirs.$stream.masked ours.$stream.masked
	holds "and there is something to compare" test "$(wc -l <ours.$stream.masked)" -gt 100
done
(cd theirs && find . -type f | sort) >theirs.files
(cd ours && find . -type f ! -name '*.lock' | sort) >ours.files
holds "they leave the same files" diff theirs.files ours.files
for file in root/index.txt inter/index.txt root/index.txt.old inter/index.txt.old; do
	masked <theirs/$file >theirs.index
	masked <ours/$file >ours.index
	holds "they leave the same $file" diff theirs.index ours.index
done
for file in serial crlnumber serial.old crlnumber.old index.txt.attr index.txt.attr.old; do
	for authority in root inter; do
		[ -f theirs/$authority/$file ] || continue
		holds "they leave the same $authority/$file" cmp theirs/$authority/$file ours/$authority/$file
	done
done

# Each goes on with what the other left.
for one in theirs ours; do
	other=ours
	path=$scratch/links:$PATH
	[ $one = ours ] && other=theirs path=$PATH
	holds "the other command goes on in the folder of $one" env PATH="$path" sh -c "cd $one && openssl ca -config inter/openssl.cnf -batch -passin pass:intersecret -extensions usr_cert -in client.csr -out again.crt && openssl ca -config inter/openssl.cnf -passin pass:intersecret -revoke again.crt -crl_reason superseded && openssl ca -config inter/openssl.cnf -passin pass:intersecret -gencrl -out again.crl"
	says "and openssl finds what that revoked" "certificate revoked" sh -c "cd $one && openssl verify -crl_check -CRLfile again.crl -CAfile chain.pem again.crt"
done
finish

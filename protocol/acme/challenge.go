package acme

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
)

// KeyAuthorization ties a challenge to an account's key (RFC 8555, Section 8.1).
func KeyAuthorization(token, thumbprint string) string { return token + "." + thumbprint }

// DNSValue is what the TXT record of dns-01 and dns-account-01 says (RFC 8555,
// Section 8.4).
func DNSValue(keyAuthorization string) string {
	sum := sha256.Sum256([]byte(keyAuthorization))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// AccountLabel is the first label of dns-account-01's record, in front of
// "_acme-challenge" (draft-ietf-acme-dns-account-label, Section 3.2).
func AccountLabel(accountURL string) string {
	sum := sha256.Sum256([]byte(accountURL))
	return "_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// HashedAccount is the accounturi of a dns-persist-01 record: of one domain, or
// of any where domain is "*" (draft-ietf-acme-dns-persist-02, Section 4.1).
func HashedAccount(prefix, domain, thumbprint, accountURL string) string {
	input := append([]byte{byte(len(domain))}, domain+thumbprint+accountURL...)
	sum := sha256.Sum256(input)
	return prefix + "sha-256/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// ServerName is the name by which a tls-alpn-01 responder is asked for an
// address (RFC 8738, Section 6), or the name itself.
func ServerName(i Identifier) string {
	a, err := netip.ParseAddr(i.Value)
	if i.Type != IP || err != nil {
		return i.Value
	}
	octets := a.AsSlice()
	var labels []string
	for n := len(octets) - 1; n >= 0; n-- {
		if a.Is4() {
			labels = append(labels, fmt.Sprint(octets[n]))
		} else {
			labels = append(labels, fmt.Sprintf("%x", octets[n]&15), fmt.Sprintf("%x", octets[n]>>4))
		}
	}
	zone := "ip6.arpa"
	if a.Is4() {
		zone = "in-addr.arpa"
	}
	return strings.Join(labels, ".") + "." + zone
}

// CertID names a certificate by the key identifier of its issuer and its
// serial number (RFC 9773, Section 4.1).
func CertID(authorityKeyID []byte, serial *big.Int) string {
	octets := serial.Bytes()
	if len(octets) == 0 || octets[0] >= 0x80 {
		octets = append([]byte{0}, octets...)
	}
	return base64.RawURLEncoding.EncodeToString(authorityKeyID) + "." + base64.RawURLEncoding.EncodeToString(octets)
}

// maxSerial is how many octets a serial number has at most (RFC 5280, Section
// 4.1.2.2), without a leading zero.
const maxSerial = 20

// ParseCertID takes a certificate's name apart, which has one spelling only.
func ParseCertID(text string) (authorityKeyID []byte, serial *big.Int, err error) {
	issuer, number, found := strings.Cut(text, ".")
	strict := base64.RawURLEncoding.Strict()
	authorityKeyID, err1 := strict.DecodeString(issuer)
	octets, err2 := strict.DecodeString(number)
	if !found || err1 != nil || err2 != nil || len(authorityKeyID) == 0 || len(octets) == 0 || len(octets) > maxSerial+1 || new(big.Int).SetBytes(octets).BitLen() > 8*maxSerial || len(authorityKeyID) > 64 {
		return nil, nil, errors.New("the name of a certificate is the base64url of its authority key identifier, a dot, and the base64url of its serial number, without padding")
	}
	serial = new(big.Int).SetBytes(octets)
	if CertID(authorityKeyID, serial) != text {
		return nil, nil, errors.New("the name of a certificate is written with the octets of its serial number in DER: one zero in front where the first bit is set, and no other")
	}
	return authorityKeyID, serial, nil
}

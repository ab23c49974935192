package keystore

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
)

// minJavaPassword is the number of characters that keytool wants.
const minJavaPassword = 6

// WriteJKS writes private keys with their chains, and trusted certificates, in
// the format of Java before 9; newer ones read PKCS #12, which protects keys
// better. Aliases are written in lower case, as Java does. An entry whose
// Created is zero is dated now.
func WriteJKS(c *Contents, password []byte, now time.Time, random io.Reader) ([]byte, error) {
	out, err := writeJKS(c, password, now, random)
	if err != nil {
		return nil, fmt.Errorf("writing a JKS file: %w", err)
	}
	return out, nil
}

func writeJKS(c *Contents, password []byte, now time.Time, random io.Reader) ([]byte, error) {
	if len([]rune(string(password))) < minJavaPassword {
		return nil, fmt.Errorf("Java wants passwords of at least %d characters; give a longer one", minJavaPassword)
	}
	if err := checkJKSAliases(c); err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(nil, jksMagic)
	out = binary.BigEndian.AppendUint32(out, 2)
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.Entries)+len(c.Certificates)))
	for _, e := range c.Entries {
		if err := checkPair(e.Key, e.Certificate); err != nil {
			return nil, err
		}
		info, err := key.MarshalPKCS8(e.Key)
		if err != nil {
			return nil, err
		}
		protected, err := protect(info, password, random)
		if err != nil {
			return nil, err
		}
		out = appendJKSHeader(out, jksPrivateKey, e.Alias, e.Created, now)
		out = appendJKSBlock(out, protected)
		out = binary.BigEndian.AppendUint32(out, uint32(1+len(e.Chain)))
		out = appendJKSCertificate(out, e.Certificate)
		for _, raw := range e.Chain {
			out = appendJKSCertificate(out, raw)
		}
	}
	for _, cert := range c.Certificates {
		out = appendJKSHeader(out, jksCertificate, cert.Alias, cert.Created, now)
		out = appendJKSCertificate(out, cert.Raw)
	}
	return append(out, jksDigest(password, out)...), nil
}

// fold is how Java compares aliases.
func fold(alias string) string { return strings.ToLower(alias) }

func checkJKSAliases(c *Contents) error {
	all := append([]Certificate{}, c.Certificates...)
	for _, e := range c.Entries {
		all = append(all, Certificate{Alias: e.Alias})
	}
	if len(all) == 0 {
		return errors.New("there is nothing to write")
	}
	for _, one := range all {
		if len(appendModifiedUTF8(nil, one.Alias)) > 0xffff {
			return errors.New("an alias is longer than 65535 octets; give a shorter one")
		}
	}
	return checkAliases(all)
}

func appendJKSHeader(out []byte, tag uint32, alias string, created, now time.Time) []byte {
	if created.IsZero() {
		created = now
	}
	text := appendModifiedUTF8(nil, fold(alias))
	out = binary.BigEndian.AppendUint32(out, tag)
	out = binary.BigEndian.AppendUint16(out, uint16(len(text)))
	out = append(out, text...)
	return binary.BigEndian.AppendUint64(out, uint64(created.UnixMilli()))
}

func appendJKSBlock(out, content []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
	return append(out, content...)
}

func appendJKSCertificate(out, raw []byte) []byte {
	out = binary.BigEndian.AppendUint16(out, uint16(len("X.509")))
	out = append(out, "X.509"...)
	return appendJKSBlock(out, raw)
}

// protect encrypts a PrivateKeyInfo as JKS does.
func protect(info, password []byte, random io.Reader) ([]byte, error) {
	salt := make([]byte, sha1.Size)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	octets := append([]byte{}, salt...)
	octets = append(octets, jksStream(info, salt, password)...)
	octets = append(octets, jksKeyDigest(info, password)...)
	var b der.Builder
	all := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(jksProtector))
	b.Null()
	b.End(algorithm)
	b.Add(der.OctetString, octets)
	b.End(all)
	return b.Bytes(), nil
}

package keystore

import (
	"crypto/hmac"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// macData is MacData (RFC 7292, Section 4), with PBMAC1 (RFC 9579) too.
type macData struct {
	algorithm  key.AlgorithmIdentifier
	digest     []byte
	salt       []byte
	iterations int
	pbmac1     *pbmac1Data // nil for the MAC of RFC 7292
}

type pbmac1Data struct {
	kdf  []byte // AlgorithmIdentifier
	d    pbe.Description
	size int
	mac  mac
}

func parseMAC(e der.Element) (*macData, error) {
	r := e.Children()
	info, err := r.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	in := info.Children()
	algorithm, err := in.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	m := &macData{iterations: 1}
	if m.algorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw); err != nil {
		return nil, err
	}
	digest, err := in.Take(der.OctetString)
	if err != nil {
		return nil, err
	}
	salt, err := r.Take(der.OctetString)
	if err != nil {
		return nil, err
	}
	m.digest, m.salt = digest.Content, salt.Content
	if r.Peek() == der.Integer {
		n, err := r.Take(der.Integer)
		if err != nil {
			return nil, err
		}
		if m.iterations, err = n.Int(); err != nil {
			return nil, err
		}
	}
	// PBMAC1 has salt and iterations of its own, and leaves these unused.
	if m.algorithm.ID == pbmac1 {
		if m.pbmac1, err = parsePBMAC1(m.algorithm.Parameters); err != nil {
			return nil, err
		}
		return m, r.End()
	}
	if m.iterations < 1 || m.iterations > pbe.MaxIterations {
		return nil, fmt.Errorf("it asks for %d iterations of key derivation, and at most %d are accepted; have its maker write it again with fewer", m.iterations, pbe.MaxIterations)
	}
	return m, r.End()
}

// parsePBMAC1 reads PBMAC1-params (RFC 8018, Appendix A.5).
func parsePBMAC1(parameters []byte) (*pbmac1Data, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	kdf, err := r.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	scheme, err := r.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ParseAlgorithmIdentifier(scheme.Raw)
	if err != nil {
		return nil, err
	}
	p := &pbmac1Data{kdf: kdf.Raw}
	if p.d, p.size, err = pbe.DescribeKDF(kdf.Raw); err != nil {
		return nil, err
	}
	known := false
	for hmacID, hashID := range map[oid.OID]oid.OID{
		oid.HMACWithSHA1: oid.SHA1, oid.HMACWithSHA224: oid.SHA224, oid.HMACWithSHA256: oid.SHA256,
		oid.HMACWithSHA384: oid.SHA384, oid.HMACWithSHA512: oid.SHA512,
	} {
		if algorithm.ID == hmacID {
			p.mac, known = macByID(hashID)
		}
	}
	if !known || p.size < 20 {
		return nil, errors.New("its PBMAC1 has parameters that cannot be used; have its maker write it again with HMAC-SHA-256")
	}
	return p, r.End()
}

// verify returns ErrPassphrase where the code is not of this password.
func (m *macData) verify(content, password []byte) error {
	if m.pbmac1 != nil {
		k, _, err := pbe.DeriveKey(m.pbmac1.kdf, password, m.pbmac1.size)
		if err != nil {
			return err
		}
		return m.compare(m.pbmac1.mac, k, content)
	}
	hash, ok := macByID(m.algorithm.ID)
	if !ok {
		return fmt.Errorf("its message authentication code is made with %s, which is not known", m.algorithm.ID.Name())
	}
	var err error
	for _, encoded := range pbe.UTF16Passwords(password) {
		k := pbe.PKCS12KDF(hash.hash, pbe.ForMAC, encoded, m.salt, m.iterations, hash.hash.Size())
		if err = m.compare(hash, k, content); err == nil {
			return nil
		}
	}
	return err
}

func (m *macData) compare(hash mac, k, content []byte) error {
	h := hmac.New(hash.hash.New, k)
	h.Write(content)
	if subtle.ConstantTimeCompare(h.Sum(nil), m.digest) != 1 {
		return ErrPassphrase
	}
	return nil
}

// describe returns the algorithm and the number of iterations.
func (m *macData) describe() (string, int) {
	if m.pbmac1 != nil {
		return fmt.Sprintf("PBMAC1, HMAC-%s by %s", m.pbmac1.mac.name, m.pbmac1.d.KDF), m.pbmac1.d.Iterations
	}
	if hash, ok := macByID(m.algorithm.ID); ok {
		return "HMAC-" + hash.name, m.iterations
	}
	return m.algorithm.ID.Name(), m.iterations
}

// appendMAC writes MacData.
func (s strength) appendMAC(b *der.Builder, content, password []byte, random io.Reader) error {
	salt := make([]byte, 16)
	if s.encryption.Salt != 0 {
		salt = salt[:s.encryption.Salt]
	}
	if _, err := io.ReadFull(random, salt); err != nil {
		return fmt.Errorf("reading random octets: %w", err)
	}
	k := pbe.PKCS12KDF(s.mac.hash, pbe.ForMAC, pbe.UTF16Password(password), salt, s.iterations, s.mac.hash.Size())
	h := hmac.New(s.mac.hash.New, k)
	h.Write(content)
	all := b.Begin(der.Sequence)
	info := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(s.mac.id))
	b.Null()
	b.End(algorithm)
	b.Add(der.OctetString, h.Sum(nil))
	b.End(info)
	b.Add(der.OctetString, salt)
	b.Int(int64(s.iterations))
	b.End(all)
	return nil
}

package lint

import (
	"bytes"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func certificateEncoding(c *Contents, r *report) {
	if c.written == nil {
		return
	}
	if err := der.Strict(c.written.Raw); err != nil {
		r.add("certificate", "have it issued anew", "the certificate is not DER: %v", err)
	}
}

func certificateVersion(c *Contents, r *report) {
	if c.written != nil && c.written.Version != 3 {
		r.add("version", "have it issued anew", "the certificate is of version %d, want 3", c.written.Version)
	}
}

func serialPositive(c *Contents, r *report) {
	if c.written != nil && c.written.Serial != nil && c.written.Serial.Sign() <= 0 {
		r.add("serialNumber", "have it issued anew", "the serial number is %v, want one above zero", c.written.Serial)
	}
}

func serialLength(c *Contents, r *report) {
	if c.written != nil && len(c.written.SerialBytes) > 20 {
		r.add("serialNumber", "have it issued anew", "the serial number has %d octets, want at most 20", len(c.written.SerialBytes))
	}
}

func serialRandom(c *Contents, r *report) {
	if c.written != nil && len(c.written.SerialBytes) < 8 && !c.SelfSigned {
		r.add("serialNumber", "have the issuer use random serial numbers", "the serial number has %d octets, too few for 64 random bits", len(c.written.SerialBytes))
	}
}

func signatureTwice(c *Contents, r *report) {
	if c.written != nil && !bytes.Equal(c.written.Signature.Raw, c.written.SignatureAlgorithm.Raw) {
		r.add("signatureAlgorithm", "have it issued anew", "the signature algorithm inside what is signed differs from the one beside the signature")
	}
}

func signatureBroken(c *Contents, r *report) {
	if c.written == nil {
		return
	}
	if alg := key.ParseSignatureAlgorithm(c.written.SignatureAlgorithm); alg.Broken != "" && !c.SelfSigned {
		r.add("signatureAlgorithm", "have it issued anew, signed with SHA-256 or better", "the certificate is signed with %s: %s", alg.Name, alg.Broken)
	}
}

func uniqueIdentifier(c *Contents, r *report) {
	if c.written != nil && (len(c.written.IssuerUniqueID) > 0 || len(c.written.SubjectUniqueID) > 0) {
		r.add("uniqueIdentifier", "have it issued anew without", "the certificate has a unique identifier, which authorities must not write")
	}
}

func validityOrder(c *Contents, r *report) {
	if c.NotAfter.Before(c.NotBefore) {
		r.add("notAfter", "have it issued anew", "the validity ends (%s) before it begins (%s)", stamp(c.NotAfter), stamp(c.NotBefore))
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// times finds both times of a certificate as they are written.
func (c *Contents) times() []der.Element {
	if c.written == nil {
		return nil
	}
	tbs, err := der.Parse(c.written.RawTBS)
	if err != nil {
		return nil
	}
	// Validity is the one SEQUENCE of the TBSCertificate that begins with a time.
	for in := tbs.Children(); !in.Empty(); {
		e, err := in.Next()
		if err != nil {
			return nil
		}
		inner := e.Children()
		if e.Tag != der.Sequence || inner.Peek() != der.UTCTime && inner.Peek() != der.GeneralizedTime {
			continue
		}
		from, errFrom := inner.Next()
		to, errTo := inner.Next()
		if errFrom != nil || errTo != nil {
			return nil
		}
		return []der.Element{from, to}
	}
	return nil
}

func validityEncoding(c *Contents, r *report) {
	for _, e := range c.times() {
		t, err := e.Time()
		if err != nil {
			continue
		}
		if want := timeTag(t); e.Tag != want {
			r.add("validity", "have it issued anew", "the time %s is a %v, want %v", stamp(t), e.Tag, want)
		}
	}
}

func timeTag(t time.Time) der.Tag {
	if t.Year() < 2050 {
		return der.UTCTime
	}
	return der.GeneralizedTime
}

func validityForm(c *Contents, r *report) {
	for _, e := range c.times() {
		want := 15
		if e.Tag == der.UTCTime {
			want = 13
		}
		if len(e.Content) != want || e.Content[want-1] != 'Z' {
			r.add("validity", "have it issued anew", "the time %q is not written in seconds and UTC", e.Content)
		}
	}
}

func keyUsable(c *Contents, r *report) {
	if c.PublicKey != nil && c.PublicKey.Problem != nil {
		r.add("publicKey", "use a key of a common kind", "the public key cannot be computed with: %v", c.PublicKey.Problem)
	}
}

func keySize(c *Contents, r *report) { smallKey(c.PublicKey, r) }

func smallKey(k *key.Public, r *report) {
	if k == nil {
		return
	}
	switch {
	case (k.Type == "RSA" || k.Type == "RSA-PSS") && k.Size > 0 && k.Size < 2048:
		r.add("publicKey", "make a new key of at least 2048 bits", "the RSA key has %d bits, want at least 2048", k.Size)
	case k.Type == "EC" && k.Size > 0 && k.Size < 224:
		r.add("publicKey", "make a new key on P-256 or better", "the elliptic curve has %d bits, want at least 224", k.Size)
	case k.Type == "DSA":
		r.add("publicKey", "make a new key: RSA, ECDSA or Ed25519", "DSA keys are not used any more")
	}
}

func keyParameters(c *Contents, r *report) {
	k := c.PublicKey
	if k == nil {
		return
	}
	params := k.Algorithm.Parameters
	switch k.Algorithm.ID {
	case oid.RSAEncryption:
		if !bytes.Equal(params, []byte{5, 0}) {
			r.add("publicKey", "make the key anew", "the parameters of the RSA key are not NULL")
		}
	case oid.ECPublicKey:
		if len(params) == 0 || params[0] != byte(der.ObjectIdentifier) {
			r.add("publicKey", "make the key anew on a named curve", "the curve of the key is not given by name")
		}
	case oid.Ed25519, oid.Ed448, oid.X25519, oid.X448, oid.MLDSA44, oid.MLDSA65, oid.MLDSA87:
		if params != nil {
			r.add("publicKey", "make the key anew", "the key has parameters where there must be none")
		}
	}
}

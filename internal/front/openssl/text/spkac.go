package text

import (
	"errors"

	"github.com/certwright/certwright/format/der"
)

// SignedKey is a SignedPublicKeyAndChallenge (SPKAC) as OpenSSL reads it.
type SignedKey struct {
	Key       PublicKey
	challenge []byte
	outer     algorithm
	signature []byte
}

var errSignedKey = errors.New("it is not a SignedPublicKeyAndChallenge that can be read")

// ReadSignedKey reads a SignedPublicKeyAndChallenge in DER.
func ReadSignedKey(raw []byte) (*SignedKey, error) {
	in := open(raw, der.Sequence)
	body := sub(in.take(der.Sequence))
	s := &SignedKey{Key: body.publicKey()}
	s.challenge = body.take(der.IA5String).Content
	s.outer = in.algorithm()
	s.signature = in.bits(der.BitString)
	if !in.ok() || !body.ok() {
		return nil, errSignedKey
	}
	return s, nil
}

// Write prints it as the spkac command does.
func (s *SignedKey) Write(w *Writer) {
	w.WriteString("Netscape SPKI:\n  Public Key Algorithm: ")
	w.WriteString(w.Objects.Long(s.Key.algorithm.id))
	w.WriteByte('\n')
	if !s.Key.Write(w, 4) {
		w.WriteString("  Unable to load public key\n")
	}
	if len(s.challenge) > 0 {
		w.WriteString("  Challenge String: ")
		w.WriteString(untilZero(string(s.challenge)))
		w.WriteByte('\n')
	}
	w.WriteString("  Signature Algorithm: ")
	w.WriteString(w.Objects.Long(s.outer.id))
	w.WriteByte('\n')
	if len(s.signature) > 0 {
		colonLines(w, s.signature, 6, 18)
	}
}

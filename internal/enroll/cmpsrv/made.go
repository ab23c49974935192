package cmpsrv

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// makeKey makes the key of a request that leaves it to the authority, where
// the profile and the sender let it (RFC 9483, Section 4.1.6). It is in memory
// alone, and leaves it encrypted to the sender.
func (s *Server) makeKey(ctx context.Context, c *call, w *wanted, profile string, sub *authority.Submission) (*request.Refusal, error) {
	if !w.request.Keyless() {
		return nil, nil
	}
	rules, err := s.config.Authority.Profile(profile)
	if err != nil {
		return nil, err
	}
	if !rules.MakesKeys() {
		return nil, nil // judging refuses it, and has it on record
	}
	if c.sender.used != nil {
		return c.sender.used, nil
	}
	if _, refusal := c.sender.recipient(); refusal != nil {
		return refusal, nil
	}
	before, err := s.config.Authority.Submitted(ctx, []string{sub.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	if before[sub.IdempotencyKey] {
		return &request.Refusal{Reason: request.WrongState, Field: "publicKey", Detail: "the key that was made for this request is not kept, and cannot be sent again", Fix: "begin another transaction"}, nil
	}
	kind, refusal := kindFor(rules, w.message.Request.Template.PublicKey)
	if refusal != nil {
		return refusal, nil
	}
	if w.made, err = key.Generate(kind, rand.Reader); err != nil {
		return nil, fmt.Errorf("making a key for a device: %w", err)
	}
	w.request = w.request.WithKey(w.made.Public)
	sub.Request, sub.Witness.Made, sub.Witness.Kept = w.request, true, true
	// It is to be confirmed, so that it ends if the answer is lost: nobody has
	// the key then.
	sub.Asked.Confirm = true
	return nil, nil
}

// kindFor is the kind of key to make: the one that the template names, else
// the first that the profile takes.
func kindFor(rules *issuance.Profile, asked *key.Public) (string, *request.Refusal) {
	kinds := rules.KeyKinds()
	if asked == nil {
		if len(kinds) > 0 {
			return kinds[0], nil
		}
	} else if i := slices.IndexFunc(kinds, func(kind string) bool { return isOf(asked.Algorithm, kind) }); i >= 0 {
		return kinds[i], nil
	}
	return "", &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: "no key of the kind that the template names can be made under this profile", Fix: "name one of these, or none: " + strings.Join(kinds, ", ")}
}

// isOf reports whether an algorithm is that of keys of a kind.
func isOf(a key.AlgorithmIdentifier, kind string) bool {
	want, err := key.ParseAlgorithmIdentifier(cmp.KeyAlgorithm(kind))
	if err != nil || want.ID != a.ID {
		return false
	}
	return a.ID != oid.ECPublicKey || string(want.Parameters) == string(a.Parameters)
}

// recipient is whom a key is encrypted for: the holder of the shared secret,
// or of the certificate that the message is protected by. A refusal says why
// nothing can be.
func (s *sender) recipient() (cms.For, *request.Refusal) {
	if s.secret != nil {
		return cms.For{Password: s.value, KeyWrap: true, Iterations: keyIterations}, nil
	}
	c := s.certificate
	usage, name := ext.KeyAgreement, "keyAgreement"
	if c.PublicKey.Type == "RSA" {
		usage, name = ext.KeyEncipherment, "keyEncipherment"
	}
	no := func(detail string) (cms.For, *request.Refusal) {
		return cms.For{}, &request.Refusal{Reason: request.NotAuthorized, Field: "publicKey", Detail: "the key that is to be made cannot be sent: " + detail, Fix: "protect the request by a shared secret, or a certificate for encryption as well"}
	}
	if err := cms.Encryptable(c.PublicKey); err != nil {
		return no("nothing can be encrypted to the key that protects the message")
	}
	if !usable(c, usage) {
		return no("the key usage of the certificate that protects the message has no " + name)
	}
	return cms.For{Public: c.PublicKey, Identifier: cms.Identifier{KeyIdentifier: keyIdentifier(c)}}, nil
}

// keyIterations are those of PBKDF2. Shared secrets are random, and devices
// slow.
const keyIterations = 10_000

// usable reports whether a key may be used so, as far as its certificate says.
func usable(c *cert.Certificate, as ext.KeyUsage) bool {
	e, ok := ext.Find(c.Extensions, oid.KeyUsage)
	if !ok {
		return true
	}
	usage, err := ext.ParseKeyUsage(e.Value)
	return err == nil && usage&as != 0
}

// sendKey adds the key that was made for a request to the answer; where an
// officer decides first, to what is remembered of the request: encrypted all the
// same.
func (s *Server) sendKey(ctx context.Context, c *call, w wanted, i *item, r *cmp.Response) error {
	to, refusal := c.sender.recipient()
	if refusal != nil {
		return refusal
	}
	by, err := s.signers.of(ctx, c.ca)
	if err != nil {
		return err
	}
	signer := cms.Signer{Key: by.Key, Public: by.Certificate.PublicKey, Identifier: cms.Identifier{KeyIdentifier: keyIdentifier(by.Certificate)}}
	sealed, err := cmp.SealKey(w.made, signer, by.Certificate.Raw, to, rand.Reader)
	if err != nil {
		return fmt.Errorf("sending a key that was made here: %w", err)
	}
	switch {
	case r.Pair != nil:
		r.Pair.PrivateKey, c.version, c.transaction.Sealed = sealed, cmp.Version3, true
	case i.Waiting:
		i.Key = sealed.Enveloped
	}
	return nil
}

// handOver adds the key that waited for a decision to the answer that tells it,
// and keeps it no longer.
func (i *item) handOver(c *call, r *cmp.Response) {
	if i.Key == nil || i.Waiting {
		return
	}
	if r.Pair != nil {
		r.Pair.PrivateKey, c.version = &crmf.EncryptedKey{Enveloped: i.Key}, cmp.Version3
	}
	i.Key = nil
}

// newSeal returns what encrypts the answers on record that hold keys, by a key
// that ends with the process.
func newSeal() (cipher.AEAD, error) {
	k := make([]byte, 32)
	rand.Read(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

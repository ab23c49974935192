package verbs

import (
	"context"
	"errors"
	"math/big"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/protocol/cmp"
)

// holderFlags are of verbs that the holder of a certificate speaks to a server
// by: the certificate itself signs the messages.
type holderFlags struct {
	enrollFlags
	out string
}

// ownFlags adds the flags of the key that signs, of the certificate that the
// verb is about.
func (h *holderFlags) ownFlags(c *cobra.Command) {
	h.signerFlag, h.signerKeyFlag, h.signerPass = "signer", "key", "passphrase"
	f := c.Flags()
	f.StringVar(&h.signerKey, "key", "", "private key of the certificate")
	secretFlag(f, &h.signerPassphrase, "passphrase", "passin", "passphrase of the key")
	h.connectFlags(c)
	f.Lookup("recipient").Usage = "name of the authority that messages are for (default: the issuer)"
}

func (p *program) enrollRenewCommand() *cobra.Command {
	var h holderFlags
	c := &cobra.Command{
		Use: "renew URL FILE", Short: "Have a certificate issued again for the same key", Args: takes(2, 2, "the address of a CMP server, and a certificate file"),
		Long: `Have a certificate issued again by a CMP server (kur), for the same key, subject and names. The
certificate signs the request, so it must be valid. The new one takes the place of the old
one in its file, unless --out names another.`,
		Example: "certwright enroll renew https://ca.example:8443/.well-known/cmp pump.crt --key pump.key --root root.crt",
		RunE: func(c *cobra.Command, args []string) error {
			return p.enrollAgain(c.Context(), args[0], args[1], &h, func(e *enroller) (*key.Private, error) {
				return p.readKey(h.signerKey, h.signerPassphrase, "passphrase")
			})
		},
	}
	h.ownFlags(c)
	h.waitFlags(c)
	c.Flags().StringVar(&h.out, "out", "", "file for the certificate with its chain (default: the old one's)")
	return c
}

func (p *program) enrollRekeyCommand() *cobra.Command {
	var h holderFlags
	var kind string
	w := keyWriting{secretFlag: "new-passphrase", outFlag: "key-out", container: "pkcs8"}
	c := &cobra.Command{
		Use: "rekey URL FILE", Short: "Have a certificate issued again for a new key", Args: takes(2, 2, "the address of a CMP server, and a certificate file"),
		Long: `Have a certificate issued again by a CMP server (kur), for a new key and the same subject and
names. The old certificate signs the request, so it must be valid. The new one takes the
place of the old one in its file, unless --out names another.`,
		Example: "certwright enroll rekey https://ca.example:8443/.well-known/cmp pump.crt --key pump.key --key-out pump-2.key --out pump-2.crt --root root.crt",
		RunE: func(c *cobra.Command, args []string) error {
			if w.out == "" {
				return front.Usage("add --key-out FILE", "a new key needs a file to be written to")
			}
			canonical, err := signingKind("type", kind)
			if err != nil {
				return err
			}
			return p.enrollAgain(c.Context(), args[0], args[1], &h, func(e *enroller) (*key.Private, error) {
				k, err := task.NewKey(canonical)
				if err != nil {
					return nil, err
				}
				return k, p.writeNewKey(k, w)
			})
		},
	}
	h.ownFlags(c)
	h.waitFlags(c)
	f := c.Flags()
	f.StringVar(&w.out, "key-out", "", "make a key and write it to this file")
	f.StringVar(&kind, "type", "ecdsa-p256", "kind of the new key: "+keyKinds)
	secretFlag(f, &w.source, "new-passphrase", "passout", "encrypt the new key with a passphrase from")
	f.BoolVar(&w.plain, "no-passphrase", false, "do not encrypt the new key, and do not ask")
	f.BoolVar(&w.force, "force", false, "overwrite an existing key file")
	f.StringVar(&h.out, "out", "", "file for the certificate with its chain (default: the old one's)")
	return c
}

// enrollAgain has a certificate issued in place of another.
func (p *program) enrollAgain(ctx context.Context, address, file string, h *holderFlags, newKey func(*enroller) (*key.Private, error)) error {
	h.signer = file
	to := enrollOutputs{certificate: againName(file, h.out, file), again: file}
	if err := p.shell.Writable(to.certificate); err != nil {
		return err
	}
	e, err := p.connect(address, &h.enrollFlags)
	if err != nil {
		return err
	}
	k, err := newKey(e)
	if err != nil {
		return err
	}
	m, err := updateOf(e.signer, k)
	if err != nil {
		return err
	}
	r := cmp.Request{Body: cmp.NewRequests(cmp.KeyUpdateRequest, m), ID: new(big.Int), Key: k.Key,
		Accept: func(c *cert.Certificate) error { return e.accept(c, k.Public) }}
	return e.enroll(ctx, r, to)
}

// updateOf asks for another certificate of the same subject and names (RFC
// 9483, Section 4.1.3).
func updateOf(old *cert.Certificate, k *key.Private) (*crmf.Message, error) {
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return nil, err
	}
	id, err := crmf.NewOldCertID(crmf.CertID{Issuer: ext.NewDirectoryName(old.Issuer), Serial: old.Serial})
	if err != nil {
		return nil, err
	}
	t := crmf.Template{Subject: &old.Subject, PublicKey: k.Public}
	if names, ok := ext.Find(old.Extensions, oid.SubjectAltName); ok {
		t.Extensions = []ext.Extension{names}
	}
	return crmf.Create(crmf.Spec{Template: t, Controls: []crmf.Attribute{id}, Key: k, Algorithm: algorithm, Proof: crmf.ProofSignature})
}

// revokeAtFlags are of a revocation.
type revokeAtFlags struct {
	holderFlags
	reason   string
	otherKey string // of a registration authority
}

func (p *program) enrollRevokeCommand() *cobra.Command {
	var h revokeAtFlags
	c := &cobra.Command{
		Use: "revoke URL FILE", Short: "Have a certificate revoked", Args: takes(2, 2, "the address of a CMP server, and a certificate file"),
		Long: `Have a certificate revoked by a CMP server (rr). The certificate itself signs the request
(--key), or that of a registration authority does (--signer, --signer-key).`,
		Example: `certwright enroll revoke https://ca.example:8443/.well-known/cmp pump.crt --key pump.key --reason keyCompromise --root root.crt --yes`,
		RunE: func(c *cobra.Command, args []string) error {
			return p.enrollRevoke(c.Context(), args[0], args[1], &h)
		},
	}
	h.ownFlags(c)
	f := c.Flags()
	f.StringVar(&h.reason, "reason", "", "why: "+reasons)
	f.StringVar(&h.signer, "signer", "", "certificate of a registration authority that signs instead")
	f.StringVar(&h.otherKey, "signer-key", "", "its private key")
	return c
}

// revokedJSON is a certificate that a server has revoked.
type revokedJSON struct {
	State   string `json:"state"` // revoked
	Serial  string `json:"serial"`
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	Reason  string `json:"reason"`
}

// wasDone reports whether a refusal says that a revocation was done at the
// first time it was asked for, whose answer was lost.
func (e *enroller) wasDone(err error) bool {
	var refused *cmp.RefusedError
	return e.resent && errors.As(err, &refused) && refused.Status.Failure.Has(cmp.CertRevoked)
}

func (p *program) enrollRevoke(ctx context.Context, address, file string, h *revokeAtFlags) error {
	why := crl.Reason(0)
	if h.reason != "" {
		var err error
		if why, err = crl.ParseReason(h.reason); err != nil || why == crl.RemoveFromCRL {
			return front.Usage("the reasons are "+reasons, "--reason: there is no reason %q to revoke", h.reason)
		}
	}
	switch {
	case h.signer == "":
		h.signer = file
	case h.signerKey != "":
		return front.Usage("leave one of the two out", "--key and --signer exclude each other")
	default:
		h.signerKey, h.signerKeyFlag = h.otherKey, "signer-key"
	}
	found, err := p.readCertificates(file)
	if err != nil {
		return err
	}
	c := found[0]
	e, err := p.connect(address, &h.enrollFlags)
	if err != nil {
		return err
	}
	t := revokedJSON{State: "revoked", Serial: hexOf(c.Serial.Bytes()), Subject: c.Subject.String(), Issuer: c.Issuer.String(), Reason: why.String()}
	p.shell.Say("%s  %s, valid to %s", t.Serial, whose(c.Subject, c.SubjectAltNames()), day(c.NotAfter))
	if err := p.shell.Confirm("Revoke this certificate ("+t.Reason+")?", "look at the line above, and repeat the command with --yes"); err != nil {
		return err
	}
	r := cmp.Revocation{Template: crmf.Template{Issuer: &c.Issuer, Serial: c.Serial}, Extensions: []ext.Extension{ext.NewReasonCode(int(why))}}
	if err := e.client.Revoke(ctx, r); err != nil && !e.wasDone(err) {
		return e.failure(err)
	}
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	p.shell.Print("revoked  %s  %s (%s)", t.Serial, whose(c.Subject, c.SubjectAltNames()), t.Reason)
	return nil
}

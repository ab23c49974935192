package inspect

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"filippo.io/mldsa"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pbe"
	"github.com/certwright/certwright/format/pem"
)

// PrivateKeyView is the JSON view of a private key. Secret values are in
// Secrets alone, and there only where they were asked for.
type PrivateKeyView struct {
	Container  string            `json:"container"` // "PKCS#8", "PKCS#1", "SEC1", "OpenSSH", "JWK", "DSA"
	Encrypted  bool              `json:"encrypted"`
	Encryption *EncryptionView   `json:"encryption,omitempty"`
	Opened     bool              `json:"opened"`              // whether what is inside was read
	PublicKey  *PublicKeyView    `json:"publicKey,omitempty"` // where the key was opened, or its public half stands outside
	Secrets    map[string]string `json:"secrets,omitempty"`   // hexadecimal
}

// EncryptionView says how a private key is encrypted.
type EncryptionView struct {
	Text        string `json:"text"` // in one line
	Scheme      string `json:"scheme,omitempty"`
	KDF         string `json:"kdf,omitempty"`
	PRF         string `json:"prf,omitempty"`
	Cipher      string `json:"cipher,omitempty"`
	Iterations  int    `json:"iterations,omitempty"`
	N           int    `json:"n,omitempty"` // scrypt
	R           int    `json:"r,omitempty"`
	P           int    `json:"p,omitempty"`
	SaltOctets  int    `json:"saltOctets,omitempty"`
	UnreadCause string `json:"problem,omitempty"`
}

func privateKey(b pem.Block, o Options) (Object, error) {
	v := &PrivateKeyView{Container: container(b), Encryption: encryption(b)}
	v.Encrypted = v.Encryption != nil
	object := Object{Kind: PrivateKey, Title: "Private key", Detail: v}
	if v.Encrypted {
		object.Title = "Private key, encrypted"
	}
	text := b.Bytes
	if b.Label != "" {
		text = armour(b)
	}
	p, err := key.ReadPrivate(text, o.Passphrase)
	switch {
	case err == nil:
		v.Opened, v.PublicKey = true, publicKey(p.Public)
		if o.Secrets {
			v.Secrets = secrets(p)
		}
	case errors.Is(err, key.ErrNoPassphrase):
		v.PublicKey = outsidePublic(b)
	case errors.Is(err, key.ErrPassphrase):
		v.PublicKey = outsidePublic(b)
		object.noteOn("encryption", key.ErrPassphrase.Error())
	default:
		object.noteOn("", "the key cannot be read: "+err.Error())
	}
	v.note(&object, p)
	object.Fields = v.fields()
	return object, nil
}

// armour writes a block as it stood, its headers with it.
func armour(b pem.Block) []byte {
	text := pem.Encode(b.Label, b.Bytes)
	if len(b.Headers) == 0 {
		return text
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	headers := []byte("\nProc-Type: 4,ENCRYPTED\nDEK-Info: " + b.Headers["DEK-Info"] + "\n\n")
	return bytes.Join([][]byte{first, headers, rest}, nil)
}

func (v *PrivateKeyView) note(o *Object, p *key.Private) {
	if v.PublicKey != nil {
		v.PublicKey.note(o)
	}
	if p != nil && p.Problem != nil {
		o.noteOn("", p.Problem.Error())
	}
	if e := v.Encryption; e != nil {
		switch {
		case e.UnreadCause != "":
			o.noteOn("encryption", e.UnreadCause)
		case e.Scheme == "DEK-Info":
			o.noteOn("encryption", "the key is derived from the passphrase by one round of MD5, which guessing breaks quickly; convert it to PKCS#8")
		case e.KDF == "PBKDF2" && e.Iterations < 100_000:
			o.noteOn("encryption", fmt.Sprintf("%d iterations make guessing the passphrase cheap; today 600000 are usual", e.Iterations))
		}
	}
}

func (v *PrivateKeyView) fields() []Field {
	var top Field
	if v.PublicKey != nil {
		top.add("key", v.PublicKey.text)
	} else {
		top.add("key", "not known without the passphrase")
	}
	top.add("container", v.Container)
	if v.Encryption != nil {
		top.add("encryption", v.Encryption.Text)
	} else {
		top.add("encryption", "none: whoever has this file has the key")
	}
	fields := top.Children
	if v.PublicKey != nil {
		fields = append(fields, v.PublicKey.group())
	}
	if len(v.Secrets) > 0 {
		group := Field{Name: "private values"}
		for _, name := range []string{"privateExponent", "prime1", "prime2", "privateKey", "seed"} {
			group.add(name, v.Secrets[name])
		}
		fields = append(fields, group)
	}
	return fields
}

// container names the structure the key is in.
func container(b pem.Block) string {
	if bytes.HasPrefix(b.Bytes, []byte(opensshMagic)) {
		return "OpenSSH"
	}
	if b.Headers["DEK-Info"] != "" {
		return map[string]string{"RSA PRIVATE KEY": "PKCS#1", "EC PRIVATE KEY": "SEC1", "DSA PRIVATE KEY": "DSA"}[b.Label]
	}
	e, err := der.Parse(b.Bytes)
	if err != nil {
		return "unknown"
	}
	parts, _ := split(e, 10)
	switch {
	case tagsAre(parts, der.Integer, der.Sequence), tagsAre(parts, der.Sequence, der.OctetString):
		return "PKCS#8"
	case tagsAre(parts, der.Integer, der.OctetString):
		return "SEC1"
	case len(parts) >= 9:
		return "PKCS#1"
	case len(parts) == 6:
		return "DSA"
	}
	return "unknown"
}

// encryption reads how the key is encrypted; nil where it is not.
func encryption(b pem.Block) *EncryptionView {
	if info := b.Headers["DEK-Info"]; info != "" {
		return describe(pbe.DescribePEM(info))
	}
	if rest, ok := bytes.CutPrefix(b.Bytes, []byte(opensshMagic)); ok {
		return opensshEncryption(rest)
	}
	e, err := der.Parse(b.Bytes)
	if err != nil {
		return nil
	}
	if parts, _ := split(e, 3); len(parts) == 2 && tagsAre(parts, der.Sequence, der.OctetString) {
		return describe(pbe.Describe(parts[0].Raw))
	}
	return nil
}

func describe(d pbe.Description, err error) *EncryptionView {
	if err != nil {
		return &EncryptionView{Text: "of a kind that is not read here", UnreadCause: err.Error()}
	}
	return &EncryptionView{
		Text: d.String(), Scheme: d.Scheme, KDF: d.KDF, PRF: d.PRF, Cipher: d.Cipher,
		Iterations: d.Iterations, N: d.N, R: d.R, P: d.P, SaltOctets: d.Salt,
	}
}

const opensshMagic = "openssh-key-v1\x00"

func opensshEncryption(rest []byte) *EncryptionView {
	cipher, rest, ok := sshString(rest)
	kdf, rest, ok2 := sshString(rest)
	options, _, ok3 := sshString(rest)
	if !ok || !ok2 || !ok3 || string(cipher) == "none" {
		return nil
	}
	v := &EncryptionView{Scheme: "OpenSSH", KDF: string(kdf), Cipher: string(cipher)}
	if salt, rounds, ok := sshString(options); ok && len(rounds) == 4 {
		v.SaltOctets, v.Iterations = len(salt), int(binary.BigEndian.Uint32(rounds))
	}
	v.Text = fmt.Sprintf("OpenSSH, %s with %s, %s", v.KDF, count(v.Iterations, "round"), v.Cipher)
	return v
}

// sshString takes a string of RFC 4251, Section 5, off the front.
func sshString(in []byte) (value, rest []byte, ok bool) {
	if len(in) < 4 || uint64(binary.BigEndian.Uint32(in)) > uint64(len(in)-4) {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(in)
	return in[4 : 4+n], in[4+n:], true
}

// outsidePublic reads the public key that OpenSSH keeps beside the encrypted half.
func outsidePublic(b pem.Block) *PublicKeyView {
	rest, ok := bytes.CutPrefix(b.Bytes, []byte(opensshMagic))
	for range 3 {
		if ok {
			_, rest, ok = sshString(rest)
		}
	}
	if !ok || len(rest) < 4 {
		return nil
	}
	blob, _, ok := sshString(rest[4:])
	if !ok {
		return nil
	}
	p, err := key.ReadPublic(authorizedLine(blob))
	if err != nil {
		return nil
	}
	return publicKey(p)
}

// secrets are the values that make a private key private.
func secrets(p *key.Private) map[string]string {
	out := map[string]string{}
	switch k := p.Key.(type) {
	case *rsa.PrivateKey:
		out["privateExponent"] = hex.EncodeToString(k.D.Bytes())
		for i, prime := range k.Primes {
			out["prime"+itoa(i+1)] = hex.EncodeToString(prime.Bytes())
		}
	case *ecdsa.PrivateKey:
		if d, err := k.Bytes(); err == nil {
			out["privateKey"] = hex.EncodeToString(d)
		}
	case ed25519.PrivateKey:
		out["seed"] = hex.EncodeToString(k.Seed())
	case *mldsa.PrivateKey:
		out["seed"] = hex.EncodeToString(k.Bytes())
	default:
		if info, err := key.MarshalPKCS8(p); err == nil {
			out["privateKey"] = hex.EncodeToString(info)
		}
	}
	return out
}

// KeyView is the JSON view of a public key that stands alone.
type KeyView struct {
	Container string         `json:"container"` // "SubjectPublicKeyInfo", "PKCS#1", "OpenSSH", "JWK"
	Comment   string         `json:"comment,omitempty"`
	PublicKey *PublicKeyView `json:"publicKey"`
}

func publicKeyObject(b pem.Block) (Object, error) {
	text := b.Bytes
	if b.Label != "" {
		text = pem.Encode(b.Label, b.Bytes)
	}
	p, err := key.ReadPublic(text)
	if err != nil {
		return Object{}, err
	}
	v := &KeyView{Container: "SubjectPublicKeyInfo", PublicKey: publicKey(p)}
	if !bytes.Equal(p.Raw, b.Bytes) {
		v.Container = "PKCS#1"
	}
	return v.object(), nil
}

func (v *KeyView) object() Object {
	object := Object{Kind: PublicKey, Title: "Public key", Detail: v}
	var top Field
	top.add("key", v.PublicKey.text)
	top.add("container", v.Container)
	top.add("comment", v.Comment)
	object.Fields = append(top.Children, v.PublicKey.group())
	v.PublicKey.note(&object)
	return object
}

// jwk reads a JSON Web Key, or the first of a set (RFC 7517).
func jwk(text []byte, o Options) Object {
	if p, err := key.ReadPrivate(text, nil); err == nil {
		v := &PrivateKeyView{Container: "JWK", Opened: true, PublicKey: publicKey(p.Public)}
		if o.Secrets {
			v.Secrets = secrets(p)
		}
		object := Object{Kind: PrivateKey, Title: "Private key", Detail: v}
		v.note(&object, p)
		object.Fields = v.fields()
		return object
	}
	p, err := key.ReadPublic(text)
	if err != nil {
		object := Object{Kind: PublicKey, Title: "JSON Web Key"}
		object.noteOn("", "it cannot be read: "+err.Error())
		return object
	}
	return (&KeyView{Container: "JWK", PublicKey: publicKey(p)}).object()
}

// opensshPublic reads a line of OpenSSH's authorized_keys, or a certificate.
func opensshPublic(text []byte) Object {
	line, _, _ := strings.Cut(string(text), "\n")
	words := strings.Fields(line)
	if strings.Contains(words[0], "-cert-v") {
		return sshCertificate(words)
	}
	p, err := key.ReadPublic(text)
	if err != nil {
		object := Object{Kind: PublicKey, Title: "Public key, OpenSSH"}
		object.noteOn("", "it cannot be read: "+err.Error())
		return object
	}
	v := &KeyView{Container: "OpenSSH", PublicKey: publicKey(p)}
	if len(words) > 2 {
		v.Comment = strings.Join(words[2:], " ")
	}
	return v.object()
}

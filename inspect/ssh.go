package inspect

import (
	"encoding/base64"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSHCertificateView is the JSON view of an OpenSSH certificate.
type SSHCertificateView struct {
	Type        string   `json:"type"` // "user", "host"
	KeyID       string   `json:"keyID"`
	Serial      uint64   `json:"serial"`
	Principals  []string `json:"principals"`
	ValidAfter  string   `json:"validAfter,omitempty"`
	ValidBefore string   `json:"validBefore,omitempty"`
	Key         string   `json:"keyFingerprint"` // as OpenSSH writes it: "SHA256:…"
	SignedBy    string   `json:"signatureKeyFingerprint"`
}

// authorizedLine writes a public key blob as a line of authorized_keys.
func authorizedLine(blob []byte) []byte {
	name, _, _ := sshString(blob)
	return []byte(string(name) + " " + base64.StdEncoding.EncodeToString(blob))
}

func sshCertificate(words []string) Object {
	object := Object{Kind: SSHCertificate, Title: "SSH certificate (not X.509)"}
	if len(words) < 2 {
		object.noteOn("", "it cannot be read: there is nothing behind the type")
		return object
	}
	blob, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		object.noteOn("", "it cannot be read: the base64 is broken")
		return object
	}
	parsed, err := ssh.ParsePublicKey(blob)
	c, ok := parsed.(*ssh.Certificate)
	if err != nil || !ok {
		object.noteOn("", "it cannot be read: it is damaged, or of a kind that is not known")
		return object
	}
	v := &SSHCertificateView{
		Type: "user", KeyID: c.KeyId, Serial: c.Serial, Principals: append([]string{}, c.ValidPrincipals...),
		Key: ssh.FingerprintSHA256(c.Key), SignedBy: ssh.FingerprintSHA256(c.SignatureKey),
	}
	if c.CertType == ssh.HostCert {
		v.Type = "host"
	}
	var top Field
	top.add("for a", v.Type)
	top.add("key id", v.KeyID)
	for _, p := range v.Principals {
		top.add("principal", p)
	}
	if c.ValidAfter > 0 {
		from := time.Unix(int64(min(c.ValidAfter, 1<<40)), 0)
		v.ValidAfter = stamp(from)
		top.add("valid from", clock(from))
	}
	if c.ValidBefore != ssh.CertTimeInfinity {
		until := time.Unix(int64(min(c.ValidBefore, 1<<40)), 0)
		v.ValidBefore = stamp(until)
		top.add("valid until", clock(until))
	}
	top.add("key", c.Key.Type()+" "+v.Key)
	top.add("signed by", c.SignatureKey.Type()+" "+v.SignedBy)
	object.Detail, object.Fields = v, top.Children
	return object
}

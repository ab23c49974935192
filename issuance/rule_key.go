package issuance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

func possessionProven(c *judging) {
	p := &c.evidence.Possession
	switch {
	case p.Method == evidence.MadeByAuthority:
		keyMadeHere(c)
		return
	case p.Proven:
		return
	case p.Deferred != "":
		possessionDeferred(c)
		return
	}
	fix := p.Fix
	if fix == "" {
		fix = possessionFix(c.request)
	}
	reason := p.Reason
	if reason == "" {
		reason = request.BadPossession
	}
	detail := "the request does not prove that its sender holds the private key"
	if p.Detail != "" {
		detail += ": " + p.Detail
	}
	if c.request.CRMF != nil {
		c.found(Error, reason, "RFC 4211, Section 4", "popo", detail, fix)
		return
	}
	c.refuse(reason, "signature", detail, fix)
}

// keyMadeHere lets the authority make the key, where the profile does.
func keyMadeHere(c *judging) {
	switch {
	case c.profile.ca:
		c.refuse(request.BadKey, "publicKey", "the authority made the key, and the key of an authority is its own holder's to make", "make a key, and a request with its public key")
	case !c.profile.keys.central:
		c.refuseBy("keys.central", request.BadKey, "publicKey", "the request leaves it to the authority to make the key, which the profile refuses", "make a key, and a request with its public key")
	case c.profile.Review && c.evidence.Possession.Made == nil:
		c.refuseBy("issuance", request.BadKey, "publicKey", "the authority made the key, which is not kept until a person decides", "make a key, and a request with its public key")
	}
}

// possessionDeferred lets keys that cannot sign prove possession later, where
// the profile does.
func possessionDeferred(c *judging) {
	p := &c.evidence.Possession
	switch {
	case c.profile.ca:
		c.refuse(request.BadPossession, "popo", "possession of the key is to be proven later, by decrypting, and the key of an authority must sign",
			"make the request anew, signed by the key")
	case !c.profile.deferred:
		c.refuseBy("possession.deferred", request.BadPossession, "popo", "possession of the key is to be proven later, by decrypting, which the profile refuses",
			"make the request anew, signed by the key")
	case p.Deferred == evidence.ByChallenge:
		c.plan.unproven = true
	default:
		c.plan.confirm = true
	}
}

// possessionFix tells a signature that is wrong from one that cannot be
// checked.
func possessionFix(r *request.Request) string {
	if r.PublicKey != nil && r.PublicKey.Key == nil {
		return "make a new key of a common kind, such as ecdsa-p256, and a request with it"
	}
	if id, signed := r.SignatureAlgorithm(); signed && key.ParseSignatureAlgorithm(id).Problem != nil {
		return "make the request anew, signed with SHA-256 or better"
	}
	return "make the request anew with the private key of the public key in it"
}

func possessionSound(c *judging) {
	p := &c.evidence.Possession
	if p.Broken == "" {
		return
	}
	if id, signed := c.request.SignatureAlgorithm(); signed && slices.Contains(c.profile.brokenHashes, hashName(key.ParseSignatureAlgorithm(id))) {
		c.warn("signatureAlgorithm", fmt.Sprintf("the request is signed with %s, which the profile takes although %s", p.Algorithm, p.Broken), "have requests signed with SHA-256 or better")
		return
	}
	c.refuse(request.BadAlgorithm, "signatureAlgorithm",
		fmt.Sprintf("the request is signed with %s, which proves nothing today: %s", p.Algorithm, p.Broken),
		"make the request anew, signed with SHA-256 or better")
}

func hashAllowed(c *judging) {
	allowed := c.profile.hashes
	if len(allowed) == 0 {
		return
	}
	if got := c.issuer.hash; got != "" && !slices.Contains(allowed, got) {
		c.refuseBy("signature.hashes", request.IssuerRefused, "signatureAlgorithm",
			fmt.Sprintf("the issuer signs with %s; the profile takes %s", got, strings.Join(allowed, ", ")),
			"choose another issuer, or set the issuer's hash")
	}
	id, signed := c.request.SignatureAlgorithm()
	if !signed {
		return
	}
	alg := key.ParseSignatureAlgorithm(id)
	if got := hashName(alg); got != "" && !slices.Contains(allowed, got) && !slices.Contains(c.profile.brokenHashes, got) {
		c.refuseBy("signature.hashes", request.BadAlgorithm, "signatureAlgorithm",
			fmt.Sprintf("the request is signed with %s; the profile takes %s", got, strings.Join(allowed, ", ")),
			"make the request anew, signed with "+allowed[0])
	}
}

// hashName names the hash of an algorithm as profiles do; empty for those
// that hash by themselves.
func hashName(alg key.SignatureAlgorithm) string {
	if alg.Hash == 0 {
		return ""
	}
	name := strings.ToLower(alg.Hash.String())
	if strings.HasPrefix(name, "sha3-") {
		return name
	}
	return strings.ReplaceAll(name, "-", "")
}

func keyNotWeak(c *judging) {
	if c.request.PublicKey.Key == nil {
		return // keyAllowed has its say: what cannot be computed with is refused there
	}
	for _, w := range key.Weaknesses(c.request.PublicKey) {
		c.found(Error, request.BadKey, w.Source, "publicKey",
			"the public key is weak: "+w.Detail, weakFix(c.request.PublicKey, w.Code))
	}
}

func weakFix(k *key.Public, code string) string {
	switch {
	case code == key.WeakExplicitCurve && k.SameAs != "":
		return "write the key anew with the name of its curve (certwright key convert), and make a request with it"
	case code == key.WeakExplicitCurve, code == key.WeakAlgorithm, code == key.WeakUnusable:
		return "make a new key of a common kind, such as ecdsa-p256, and a request with it"
	}
	return "make a new key, and a request with it; never use this key again"
}

func keyAllowed(c *judging) {
	k := c.request.PublicKey
	if !c.profile.keys.allows(k) {
		c.refuseBy("keys", request.BadKey, "publicKey",
			fmt.Sprintf("the key is %v; the profile takes %v", k, &c.profile.keys),
			"make a key of a kind the profile takes, and a request with it")
		return
	}
	if !c.isDER() {
		if err := der.Strict(k.Raw); err != nil {
			c.refuse(request.BadKey, "publicKey", fmt.Sprintf("the public key is not written in DER: %v", err), "make the request anew with another program")
		}
	}
	if k.Problem != nil {
		c.refuse(request.BadKey, "publicKey", fmt.Sprintf("the public key cannot be used: %v", k.Problem),
			"make a new key, and a request with it")
	}
}

package openssl

import (
	"errors"
	"strings"

	"github.com/certwright/certwright/format/key"
)

// signing says how something is signed: what -sha256 and -sigopt amount to.
type signing struct {
	hash string // in the spelling of key.ChooseSignatureAlgorithm; empty for the default
	pss  bool
}

// signing reads the digest and the -sigopt texts. configured is the digest of
// the configuration file.
func (c *call) signing(configured string) (s signing, err error) {
	if s.hash, err = c.digest(); err != nil {
		return s, err
	}
	if s.hash == "" && configured != "" && configured != "default" {
		if s.hash, err = c.digestNamed(configured); err != nil {
			return s, err
		}
	}
	for _, text := range c.all("sigopt") {
		if err := s.set(text); err != nil {
			return s, because(c.command.name+": Error setting signature parameter "+text, err)
		}
	}
	return s, nil
}

// set takes one -sigopt.
func (s *signing) set(text string) error {
	name, value, _ := strings.Cut(text, ":")
	switch {
	case name == "rsa_padding_mode" && (value == "pss" || value == "pkcs1"):
		s.pss = value == "pss"
		return nil
	case name == "rsa_pss_saltlen" && (value == "-1" || value == "digest"):
		return nil
	case name == "rsa_pss_saltlen":
		return errors.New("salts are as long as the digest here: use rsa_pss_saltlen:-1")
	case name == "rsa_mgf1_md":
		return errors.New("the mask is made with the digest of the signature here: leave rsa_mgf1_md out")
	case name == "digest":
		if known, ok := digests()[strings.ToLower(value)]; ok && known != "" {
			s.hash = known
			return nil
		}
	}
	return errors.New("this parameter is not supported by certwright openssl; rsa_padding_mode:pss, rsa_pss_saltlen:-1 and digest:NAME are")
}

// checkVerification looks at the -vfyopt texts. Signatures say themselves how
// they are verified, so that none of them changes anything.
func (c *call) checkVerification() error {
	for _, text := range c.all("vfyopt") {
		name, _, _ := strings.Cut(text, ":")
		switch name {
		case "rsa_padding_mode", "rsa_pss_saltlen", "rsa_mgf1_md", "digest":
		default:
			return complain("%s: option -vfyopt is not supported by certwright openssl with %s", c.command.name, name)
		}
	}
	return nil
}

// hashFor is the digest that a key signs with: none for keys that digest by
// themselves, SHA-256 where nothing was said.
func (s signing) hashFor(public *key.Public) string {
	switch public.Type {
	case "Ed25519", "Ed448", "ML-DSA":
		return ""
	case "RSA-PSS":
		return s.hash
	}
	if s.hash == "" {
		return "sha256"
	}
	return s.hash
}

// algorithm chooses the signature algorithm for a key.
func (s signing) algorithm(public *key.Public) (key.SignatureAlgorithm, error) {
	return key.ChooseSignatureAlgorithm(public, s.hashFor(public), s.pss)
}

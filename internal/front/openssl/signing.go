package openssl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/key"
)

// signing says how something is signed: what -sha256 and -sigopt amount to.
type signing struct {
	hash    string      // in the spelling of key.ChooseSignatureAlgorithm; empty for the default
	options [][2]string // of -sigopt, in order
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
		name, value, _ := strings.Cut(text, ":")
		s.options = append(s.options, [2]string{name, value})
	}
	if s.hash == "sha1" || s.hash == "md5" {
		fmt.Fprintf(c.Stderr, "Warning: what is signed with %s can be forged; -sha256 is sound\n", strings.ToUpper(s.hash))
	}
	return s, nil
}

// choice applies the options, in order, to what a key signs with.
func (s signing) choice(public *key.Public) (key.Choice, error) {
	choice := key.Choice{Hash: s.hashFor(public), PSS: public.Type == "RSA-PSS", Salt: key.SaltLongest}
	least, bound := key.PSSSalt(public)
	if bound {
		choice.Salt = least
	}
	for _, o := range s.options {
		if err := setSigning(&choice, public, o[0], o[1]); err != nil {
			return choice, because(fmt.Sprintf("parameter error %q", o[0]+":"+o[1]), err)
		}
	}
	if bound && choice.Salt >= 0 && choice.Salt < least {
		return choice, complain("parameter error \"rsa_pss_saltlen:%d\"\nthe key asks for a salt of at least %d octets", choice.Salt, least)
	}
	return choice, nil
}

// setSigning takes one -sigopt.
func setSigning(choice *key.Choice, public *key.Public, name, value string) error {
	isRSA := public.Type == "RSA" || public.Type == "RSA-PSS"
	switch {
	case !isRSA:
		return fmt.Errorf("a key of the kind %v has no such parameter", public)
	case name == "rsa_padding_mode" && value == "pss":
		choice.PSS = true
		return nil
	case name == "rsa_padding_mode" && value == "pkcs1" && public.Type == "RSA":
		choice.PSS = false
		return nil
	case name == "rsa_padding_mode":
		return fmt.Errorf("signatures with this key have the padding pss%s", map[bool]string{true: " or pkcs1"}[public.Type == "RSA"])
	case (name == "rsa_pss_saltlen" || name == "rsa_mgf1_md") && !choice.PSS:
		return errors.New("it goes with PSS: put rsa_padding_mode:pss before it")
	case name == "rsa_pss_saltlen":
		return setSalt(choice, value)
	case name == "rsa_mgf1_md":
		known := digests()[strings.ToLower(value)]
		if known == "" {
			return errors.New("there is no such message digest here")
		}
		choice.MGFHash = known
		return nil
	}
	return errors.New("this parameter is not supported by certwright openssl; rsa_padding_mode, rsa_pss_saltlen and rsa_mgf1_md are")
}

// setSalt reads the length of a salt; a text that is no number counts as 0, as
// atoi(3) reads it.
func setSalt(choice *key.Choice, value string) error {
	switch value {
	case "max", "auto":
		choice.Salt = key.SaltLongest
		return nil
	case "digest":
		choice.Salt = key.SaltOfHash
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		n = 0
	}
	switch {
	case n < -3:
		return errors.New("a salt has 0 octets or more; -1 stands for the length of the digest, -2 and -3 for the longest")
	case n < -1:
		n = key.SaltLongest
	}
	choice.Salt = n
	return nil
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
	choice, err := s.choice(public)
	if err != nil {
		return key.SignatureAlgorithm{}, err
	}
	return choice.Algorithm(public)
}

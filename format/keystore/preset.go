package keystore

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// Preset names the program that will read a PKCS #12 file.
type Preset string

// The presets.
const (
	// Modern is AES-256 by PBES2, and a SHA-256 MAC, which OpenSSL 1.1.1, Java
	// 12, Windows Server 2019 and later ones read.
	Modern Preset = "modern"
	// Java8 is triple DES and SHA-1, for Java 8.
	Java8 Preset = "java8"
	// Windows2016 is triple DES and SHA-1, for Windows Server 2016 and older.
	Windows2016 Preset = "windows-2016"
	// MacOS is triple DES and SHA-1, for keychains of macOS that refuse the MAC of Modern.
	MacOS Preset = "macos"
	// Legacy is triple DES and SHA-1, for anything that reads none of the others.
	Legacy Preset = "legacy"
)

// Presets returns them all, the default first.
func Presets() []Preset { return []Preset{Modern, Java8, Windows2016, MacOS, Legacy} }

// ParsePreset finds a preset by its name; an empty one is Modern.
func ParsePreset(name string) (Preset, error) {
	if name == "" {
		return Modern, nil
	}
	var names []string
	for _, p := range Presets() {
		if strings.EqualFold(string(p), name) {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("the preset %q is not known; use one of %s", name, strings.Join(names, ", "))
}

// strength is what a preset means.
type strength struct {
	encryption pbe.Options
	mac        mac
	iterations int
}

func (p Preset) strength() (strength, error) {
	p, err := ParsePreset(string(p))
	if err != nil {
		return strength{}, err
	}
	if p == Modern {
		return strength{pbe.Options{Iterations: 100_000}, mac{crypto.SHA256, oid.SHA256, "SHA-256"}, 100_000}, nil
	}
	// More iterations help little where triple DES and SHA-1 are all there is,
	// and old readers have limits that they do not tell.
	const iterations = 2048
	return strength{
		pbe.Options{Scheme: "pbe-sha1-3des", Iterations: iterations, Salt: 8},
		mac{crypto.SHA1, oid.SHA1, "SHA-1"}, iterations,
	}, nil
}

// mac is a hash that the MAC of PKCS #12 is made with.
type mac struct {
	hash crypto.Hash
	id   oid.OID
	name string
}

func macByID(id oid.OID) (mac, bool) {
	for _, m := range []mac{
		{crypto.SHA256, oid.SHA256, "SHA-256"},
		{crypto.SHA1, oid.SHA1, "SHA-1"},
		{crypto.SHA224, oid.SHA224, "SHA-224"},
		{crypto.SHA384, oid.SHA384, "SHA-384"},
		{crypto.SHA512, oid.SHA512, "SHA-512"},
		{crypto.SHA512_224, oid.SHA512_224, "SHA-512/224"},
		{crypto.SHA512_256, oid.SHA512_256, "SHA-512/256"},
		{crypto.SHA3_256, oid.SHA3_256, "SHA3-256"},
		{crypto.SHA3_384, oid.SHA3_384, "SHA3-384"},
		{crypto.SHA3_512, oid.SHA3_512, "SHA3-512"},
		{crypto.MD5, oid.MD5, "MD5"},
	} {
		if m.id == id {
			return m, true
		}
	}
	return mac{}, false
}

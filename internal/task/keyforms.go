package task

import (
	"crypto/rand"
	"fmt"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/request"
)

// KeyContainers and PublicForms list the forms that keys are written in.
const (
	KeyContainers = "pkcs8, traditional (PKCS#1 or SEC1), openssh, jwk"
	PublicForms   = "spki, openssh, jwk"
)

// KeyForm is a form a private key is written in.
type KeyForm struct {
	Container  string // one of KeyContainers; empty for pkcs8
	DER        bool   // instead of PEM, where the container has it
	Passphrase []byte // encrypts the key, where it is not empty
}

// EncodeKey writes a private key.
func EncodeKey(k *key.Private, f KeyForm) ([]byte, error) {
	switch f.Container {
	case "pkcs8", "":
		return encodePKCS8(k, f)
	case "traditional", "pkcs1", "sec1":
		return encodeTraditional(k, f)
	case "openssh":
		if f.DER {
			return nil, form("openssh has no DER form", "leave --der out")
		}
		return key.MarshalOpenSSH(k, f.Passphrase, "")
	case "jwk":
		if len(f.Passphrase) > 0 {
			return nil, form("a JWK cannot be encrypted here", "choose another form, or give --no-passphrase")
		}
		text, err := key.MarshalJWK(k)
		return append(text, '\n'), err
	}
	return nil, unknownForm(f.Container, []string{"pkcs8", "traditional", "openssh", "jwk"}, KeyContainers)
}

func form(detail, fix string) error {
	return &request.Refusal{Reason: request.BadFormat, Field: "format", Detail: detail, Fix: fix}
}

func unknownForm(name string, known []string, list string) error {
	fix := "the forms are " + list
	if near := spelling.Nearest(name, known); near != "" {
		fix = fmt.Sprintf("did you mean %q? The forms are %s", near, list)
	}
	return form(fmt.Sprintf("there is no form %q", name), fix)
}

func encodePKCS8(k *key.Private, f KeyForm) ([]byte, error) {
	label, der, err := "PRIVATE KEY", []byte(nil), error(nil)
	if len(f.Passphrase) > 0 {
		label = "ENCRYPTED PRIVATE KEY"
		der, err = key.EncryptPKCS8(k, f.Passphrase, key.EncryptOptions{}, rand.Reader)
	} else {
		der, err = key.MarshalPKCS8(k)
	}
	if err != nil || f.DER {
		return der, err
	}
	return pem.Encode(label, der), nil
}

func encodeTraditional(k *key.Private, f KeyForm) ([]byte, error) {
	if len(f.Passphrase) > 0 {
		if f.DER {
			return nil, form("the traditional form is encrypted in PEM only", "leave --der out")
		}
		return key.EncryptTraditional(k, f.Passphrase, "AES-256-CBC", rand.Reader)
	}
	label, der, err := key.MarshalTraditional(k)
	if err != nil || f.DER {
		return der, err
	}
	return pem.Encode(label, der), nil
}

// EncodePublic writes a public key in one of PublicForms.
func EncodePublic(p *key.Public, name string, asDER bool) ([]byte, error) {
	switch name {
	case "spki", "":
		if asDER {
			return p.Raw, nil
		}
		return key.PublicPEM(p), nil
	case "openssh":
		return key.MarshalAuthorizedKey(p, "")
	case "jwk":
		text, err := key.MarshalPublicJWK(p)
		return append(text, '\n'), err
	}
	return nil, unknownForm(name, []string{"spki", "openssh", "jwk"}, PublicForms)
}

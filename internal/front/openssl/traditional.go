package openssl

import (
	stdpem "encoding/pem"
	"fmt"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pbe"
	"github.com/certwright/certwright/format/pem"
)

// traditional writes a private key in the form from before PKCS #8.
func traditional(p *key.Private) (label string, octets []byte, err error) {
	return key.MarshalTraditional(p)
}

func (c *call) encodeTraditional(p *key.Private, s keySink) ([]byte, error) {
	label, octets, err := traditional(p)
	if err != nil {
		return nil, err
	}
	if s.format == formatDER {
		return octets, nil
	}
	if s.cipher == "" {
		return pem.Encode(label, octets), nil
	}
	info, encrypted, err := pbe.EncryptPEM(s.cipher, octets, s.secret, c.random())
	if err != nil {
		return nil, fmt.Errorf("encrypting a private key: %w", err)
	}
	return stdpem.EncodeToMemory(&stdpem.Block{
		Type:    label,
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": info},
		Bytes:   encrypted,
	}), nil
}

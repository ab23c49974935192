package openssl

import (
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/pem"
)

func crl2pkcs7Command() command {
	return command{name: "crl2pkcs7", run: crl2pkcs7, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		title("Input options"),
		{"in", inFile, "File of the revocation list", ""},
		{"inform", derOrPEM, "Format of the list", ""},
		{"nocrl", flag, "No list, only certificates", ""},
		{"certfile", inFile, "File of certificates; may be given more than once", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
	}, providerOptions())}
}

// crl2pkcs7 puts a list and certificates into a SignedData that nobody signs.
func crl2pkcs7(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	var lists, certificates [][]byte
	if !c.has("nocrl") {
		raw, err := c.listOf(c.text("in"))
		if err != nil {
			return because("unable to load CRL", err)
		}
		lists = [][]byte{raw}
	}
	for _, file := range c.all("certfile") {
		data, err := c.read(file)
		if err != nil {
			return complain("error opening the file, %s\nerror loading certificates\n%s: %s", file, file, reason(err))
		}
		blocks, _ := pem.Find(data)
		for _, b := range blocks {
			if slices.Contains(certificateLabels(), b.Label) {
				certificates = append(certificates, withoutTrust(definite(b.Bytes)))
			}
		}
	}
	raw := cms.CertsOnly(certificates, lists)
	if c.format("outform", formatPEM) == formatDER {
		return c.writeFile(c.text("out"), raw, false)
	}
	return c.writeFile(c.text("out"), pem.Encode("PKCS7", raw), false)
}

// listOf reads a revocation list in the format that -inform names.
func (c *call) listOf(file string) ([]byte, error) {
	data, err := c.read(file)
	if err != nil {
		return nil, err
	}
	if c.format("inform", formatPEM) == formatPEM {
		if data, err = labelled(data, listLabels()...); err != nil {
			return nil, err
		}
	}
	first, err := firstElement(definite(data))
	if err != nil {
		return nil, fmt.Errorf("reading the revocation list: %w", err)
	}
	return first, nil
}

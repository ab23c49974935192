package openssl

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func spkacCommand() command {
	return command{name: "spkac", run: runSPKAC, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"spksect", str, "Section of the file that holds the SPKAC", ""},
		engineOption(),
		title("Input options"),
		{"in", inFile, "File to read", ""},
		{"key", inFile, "Make an SPKAC with this key", ""},
		{"keyform", anyFormat, "Format of the key", ""},
		{"passin", str, "Where the passphrase of the key comes from", ""},
		{"challenge", str, "The challenge", ""},
		{"spkac", str, "Another name than SPKAC for the value in the file that is read", ""},
		title("Output options"),
		{"digest", str, "Digest to sign with (default md5)", ""},
		{"out", outFile, "File for the output", ""},
		{"noout", flag, "Print no SPKAC", ""},
		{"pubkey", flag, "Write the public key", ""},
		{"verify", flag, "Verify the signature", ""},
	}, providerOptions())}
}

func runSPKAC(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	passin, err := c.secret("passin")
	if err != nil {
		return err
	}
	name := "SPKAC"
	if c.has("spkac") {
		name = c.text("spkac")
	}
	if c.has("key") {
		digest, err := c.spkacDigest()
		if err != nil {
			return err
		}
		return c.makeSPKAC(digest, passin)
	}
	request, err := c.readSPKAC(name)
	if err != nil {
		return err
	}
	return c.showSPKAC(request)
}

// spkacDigest is the digest to sign with; a name that is not known is told
// without a pointer to the help.
func (c *call) spkacDigest() (string, error) {
	if !c.has("digest") {
		return "md5", nil
	}
	digest, err := c.digestNamed(c.text("digest"))
	var said complaint
	if errors.As(err, &said) {
		said.usage = false
		return "", said
	}
	return digest, err
}

func (c *call) makeSPKAC(digest string, passin []byte) error {
	file := c.text("key")
	if file == "-" {
		file = ""
	}
	p, err := c.loadPrivate(keySource{file: file, format: c.text("keyform"), secret: passin, what: "private key"})
	if err != nil {
		return err
	}
	raw, err := signSPKAC(c.text("challenge"), p, digest)
	if err != nil {
		return because("Error signing SPKAC", err)
	}
	return c.writeFile(c.text("out"), []byte("SPKAC="+base64.StdEncoding.EncodeToString(raw)+"\n"), false)
}

// readSPKAC reads the value of a name in a file of openssl.cnf's form.
func (c *call) readSPKAC(name string) (*spkac.Request, error) {
	file := c.text("in")
	conf, err := c.parseConf(file)
	if err != nil {
		return nil, err
	}
	section := "default"
	if c.has("spksect") {
		section = c.text("spksect")
	}
	value, found := conf.Value(section, name)
	if !found {
		return nil, complain("Can't find SPKAC called \"%s\"", name)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil {
		return nil, because("Error loading SPKAC", errors.New("the value is not base64"))
	}
	request, err := spkac.Parse(raw)
	if err != nil {
		return nil, because("Error loading SPKAC", err)
	}
	return request, nil
}

func (c *call) showSPKAC(r *spkac.Request) error {
	var out bytes.Buffer
	if !c.has("noout") {
		c.writeSPKAC(&out, r)
	}
	if c.has("verify") {
		if err := r.CheckSignature(); err != nil {
			return because("Signature Failure", err)
		}
		fmt.Fprintln(c.Stderr, "Signature OK")
	}
	if c.has("pubkey") {
		out.Write(pem.Encode("PUBLIC KEY", r.PublicKey.Raw))
	}
	return c.writeFile(c.text("out"), out.Bytes(), false)
}

func (c *call) writeSPKAC(out *bytes.Buffer, r *spkac.Request) {
	w := text.NewWriter(out, c.names)
	fmt.Fprintf(w, "Netscape SPKI:\n  Public Key Algorithm: %s\n", text.Objects(c.names).Long(r.PublicKey.Algorithm.ID))
	if !text.Public(w, r.PublicKey, 4) {
		w.WriteString("  Unable to load public key\n")
	}
	if r.Challenge != "" {
		fmt.Fprintf(w, "  Challenge String: %s\n", r.Challenge)
	}
	fmt.Fprintf(w, "  Signature Algorithm: %s", text.Objects(c.names).Long(r.SignatureAlgorithm.ID))
	for i, octet := range r.Signature {
		if i%18 == 0 {
			w.WriteString("\n      ")
		}
		fmt.Fprintf(w, "%02x", octet)
		if i < len(r.Signature)-1 {
			w.WriteByte(':')
		}
	}
	w.WriteByte('\n')
	w.Flush()
}

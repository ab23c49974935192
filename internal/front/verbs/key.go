package verbs

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

const keyKinds = "rsa-2048, rsa-3072, rsa-4096 … rsa-8192, ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, ml-dsa-44, ml-dsa-65, ml-dsa-87"

// allKinds has besides those that only agree on keys.
const allKinds = keyKinds + ", x25519"

func (p *program) keyCommand() *cobra.Command {
	return group("key", "Make, convert and show private keys",
		`Make a private key, write it in another form, or take the public key out of it.

Private keys are written for their owner only (0600), and an existing file is never
overwritten without --force.`,
		p.keyNewCommand(), p.keyConvertCommand(), p.keyPublicCommand())
}

// secretFlag adds a flag for where a passphrase comes from, under OpenSSL's
// name for it too.
func secretFlag(f *pflag.FlagSet, target *string, name, alias, usage string) {
	f.StringVar(target, name, "", usage+": "+front.SourceHelp)
	f.StringVar(target, alias, "", "the same as --"+name)
	f.MarkHidden(alias)
}

// keyJSON is how a key is told in JSON.
type keyJSON struct {
	File        string `json:"file,omitempty"`
	Type        string `json:"type"`
	Size        int    `json:"size,omitempty"`
	Curve       string `json:"curve,omitempty"`
	Description string `json:"description"`
	Fingerprint string `json:"keyFingerprint"`
	Encrypted   bool   `json:"encrypted"`
	encoded
}

// encoded is what was made, in a result in JSON where no file took it.
type encoded struct {
	Text string `json:"text,omitempty"`
	PEM  string `json:"pem,omitempty"`
	DER  []byte `json:"der,omitempty"`
}

func keyToJSON(file string, pub *key.Public, encrypted bool) keyJSON {
	sum := pub.Fingerprint()
	return keyJSON{File: file, Type: pub.Type, Size: pub.Size, Curve: pub.Curve, Description: pub.String(),
		Fingerprint: hex.EncodeToString(sum[:]), Encrypted: encrypted}
}

func (p *program) keyNewCommand() *cobra.Command {
	var kind, out, source, container string
	var force, asDER, plain, printing bool
	c := &cobra.Command{
		Use: "new", Short: "Make a private key", Args: nothing,
		Long: `Make a private key and write it to a file.

At a terminal a passphrase is asked for, and the key is encrypted with it. Elsewhere the
key is not encrypted unless --passphrase says where the passphrase comes from.`,
		Example: `certwright key new --out server.key
certwright key new --type rsa-3072 --out server.key --passphrase file:secret.txt
certwright key new --type ml-dsa-65 --out pq.key --no-passphrase`,
		RunE: func(c *cobra.Command, _ []string) error {
			w := keyWriting{out: out, container: container, asDER: asDER, force: force, source: source, plain: plain}
			if printing {
				return p.printNewKey("type", kind, w)
			}
			k, err := newKey("type", kind)
			if err != nil {
				return err
			}
			return p.writeKey(k, w)
		},
	}
	f := c.Flags()
	f.StringVar(&kind, "type", "ecdsa-p256", "kind of key: "+allKinds)
	f.StringVar(&out, "out", "", "file to write (default: standard output)")
	secretFlag(f, &source, "passphrase", "passout", "encrypt the key with a passphrase from")
	f.BoolVar(&plain, "no-passphrase", false, "do not encrypt the key, and do not ask")
	f.StringVar(&container, "format", "pkcs8", "form of the key: "+task.KeyContainers)
	f.BoolVar(&asDER, "der", false, "write DER instead of PEM")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	printFlag(f, &printing)
	return c
}

// keyWriting says where and how a private key is written.
type keyWriting struct {
	out, container, source string
	asDER, force, plain    bool
	secretFlag, outFlag    string // the flags' names; empty: passphrase, out
}

func (p *program) writeKey(k *key.Private, w keyWriting) error {
	if w.plain && w.source != "" {
		return front.Usage("leave one of the two out", "--%s and --no-passphrase exclude each other", w.secret())
	}
	name := w.out
	if name == "" {
		name = "-"
	}
	var passphrase []byte
	if !w.plain {
		var err error
		if passphrase, err = p.shell.NewSecret(w.source, "the key", true); err != nil {
			return err
		}
	}
	data, err := task.EncodeKey(k, task.KeyForm{Container: w.container, DER: w.asDER, Passphrase: passphrase})
	if err != nil {
		return formFailure(w.container, err)
	}
	told := name == "-" && p.shell.JSON
	if !told {
		if err := p.shell.Write(name, data, front.SecretFile, w.force); err != nil {
			return w.rename(err)
		}
	}
	if passphrase == nil && !w.plain {
		p.shell.Say("The key is not encrypted; --%s would encrypt it.", w.secret())
	}
	if told {
		return p.shell.Object(keyToJSON("", k.Public, passphrase != nil).with(data, w.asDER))
	}
	if name == "-" {
		return nil
	}
	if p.shell.JSON {
		return p.shell.Object(keyToJSON(w.out, k.Public, passphrase != nil))
	}
	how := "not encrypted"
	if passphrase != nil {
		how = "encrypted"
	}
	p.shell.Say("Wrote %s: a private key, %s, %s.", w.out, k.Public, how)
	return nil
}

// secret is the name of the flag that encrypts the key.
func (w keyWriting) secret() string {
	if w.secretFlag == "" {
		return "passphrase"
	}
	return w.secretFlag
}

// rename says of a file that exists by which flag another is named.
func (w keyWriting) rename(err error) error {
	if f := *explain(err); f.Code == front.CodeExists && w.outFlag != "" {
		f.Fix = strings.Replace(f.Fix, "--out", "--"+w.outFlag, 1)
		return &f
	}
	return err
}

// with adds the key itself.
func (k keyJSON) with(data []byte, isDER bool) keyJSON {
	if isDER {
		k.DER = data
	} else {
		k.Text = string(data)
	}
	return k
}

// formFailure says that a key has no such form.
func formFailure(form string, err error) error {
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return front.Usage(refusal.Fix, "--format: %s", refusal.Detail)
	}
	return front.Usage("leave --format out: the form it has then is for every key", "--format %s: %v", form, err)
}

// readKey reads a private key from a file, asking for its passphrase where it
// has one.
func (p *program) readKey(file, source, flag string) (*key.Private, error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return nil, err
	}
	var k *key.Private
	err = p.unlock(source, func() error {
		var err error
		k, err = key.ReadPrivate(data, func() ([]byte, error) { return p.shell.Secret(source, "the key "+file, flag) })
		return err
	})
	return k, keyFailure(file, err)
}

// unlock opens something with a passphrase; one that was typed wrong is asked
// for again.
func (p *program) unlock(source string, open func() error) error {
	for n := 1; ; n++ {
		err := open()
		if source != "" || n == tries || !errors.Is(err, key.ErrPassphrase) {
			return err
		}
		p.shell.Say("The passphrase is wrong.")
	}
}

func (p *program) keyConvertCommand() *cobra.Command {
	var w keyWriting
	var source string
	var printing bool
	c := &cobra.Command{
		Use: "convert FILE", Short: "Write a private key in another form", Args: takes(1, 1, "one key file"),
		Long: `Read a private key and write it in another form.

Read are PKCS#8, PKCS#1, SEC1, JWK and OpenSSH, in PEM or DER. PKCS#8 and the PEM of old versions of
OpenSSL may be encrypted with AES, Camellia, DES, RC2, RC4, Blowfish or CAST5, and OpenSSH with AES-256;
of others, such as ARIA, SEED and SM4, the program that reads them is named.
The passphrase of the result is asked for at a terminal; elsewhere the result is not
encrypted unless --new-passphrase says where the passphrase comes from.`,
		Example: `certwright key convert old.key --out new.key
certwright key convert server.key --format jwk --out server.jwk --no-passphrase
certwright key convert legacy.pem --passphrase env:OLD --new-passphrase env:NEW --out new.key`,
		RunE: func(c *cobra.Command, args []string) error {
			if printing {
				return p.printConvertKey(args[0], source, w)
			}
			if source == w.source {
				p.shell.ShareSource(source)
			}
			k, err := p.readKey(args[0], source, "passphrase")
			if err != nil {
				return err
			}
			return p.writeKey(k, w)
		},
	}
	f := c.Flags()
	f.StringVar(&w.out, "out", "", "file to write (default: standard output)")
	f.StringVar(&w.container, "format", "pkcs8", "form of the key: "+task.KeyContainers)
	f.BoolVar(&w.asDER, "der", false, "write DER instead of PEM")
	secretFlag(f, &source, "passphrase", "passin", "passphrase of the key that is read")
	w.secretFlag = "new-passphrase"
	secretFlag(f, &w.source, "new-passphrase", "passout", "encrypt the result with a passphrase from")
	f.BoolVar(&w.plain, "no-passphrase", false, "do not encrypt the result, and do not ask")
	f.BoolVar(&w.force, "force", false, "overwrite an existing file")
	printFlag(f, &printing)
	return c
}

func (p *program) keyPublicCommand() *cobra.Command {
	var out, source, form string
	var asDER, force, printing bool
	c := &cobra.Command{
		Use: "public FILE", Short: "Take the public key out of a key, request or certificate", Args: takes(1, 1, "one file"),
		Long: `Write the public key of a private key, a request, a certificate or a public key.`,
		Example: `certwright key public server.key --out server.pub
certwright key public server.crt --format jwk`,
		RunE: func(c *cobra.Command, args []string) error {
			if printing {
				return p.printPublicKey(args[0], source, form, out, asDER)
			}
			data, err := p.shell.Read(args[0])
			if err != nil {
				return err
			}
			var pub *key.Public
			err = p.unlock(source, func() error {
				var err error
				pub, err = task.PublicOf(data, func() ([]byte, error) { return p.shell.Secret(source, "the key "+args[0], "passphrase") })
				return err
			})
			if err != nil {
				return keyFailure(args[0], err)
			}
			text, err := task.EncodePublic(pub, form, asDER)
			if err != nil {
				return formFailure(form, err)
			}
			if out == "-" && p.shell.JSON {
				return p.shell.Object(keyToJSON(args[0], pub, false).with(text, asDER && form == "spki"))
			}
			if err := p.shell.NotRead(out); err != nil {
				return err
			}
			if err := p.shell.Write(out, text, front.PublicFile, force); err != nil || !p.shell.JSON {
				return err
			}
			return p.shell.Object(keyToJSON(out, pub, false))
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "-", "file to write")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	f.StringVar(&form, "format", "spki", "form of the public key: "+task.PublicForms)
	f.BoolVar(&asDER, "der", false, "write DER instead of PEM")
	secretFlag(f, &source, "passphrase", "passin", "passphrase of the key that is read")
	printFlag(f, &printing)
	return c
}

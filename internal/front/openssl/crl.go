package openssl

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func crlCommand() command {
	return command{name: "crl", run: crlRun, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"verify", flag, "Verify the signature of the list", ""},
		title("Input options"),
		{"in", inFile, "File of the list (default: standard input)", ""},
		{"inform", derOrPEM, "Format of the input; found out", ""},
		{"key", inFile, "Private key to sign a delta list with", ""},
		{"keyform", derOrPEM, "Format of the key", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"dateopt", str, "How -lastupdate and -nextupdate are printed: rfc_822 or iso_8601", ""},
		{"text", flag, "Print the list", ""},
		{"hash", flag, "Print the hash of the issuer", ""},
		{"hash_old", flag, "Print the old hash of the issuer", ""},
		{"nameopt", str, "How names are printed", ""},
		{"", anyDigest, "Digest of the fingerprint", ""},
		title("CRL options"),
		{"issuer", flag, "Print the issuer", ""},
		{"lastupdate", flag, "Print thisUpdate", ""},
		{"nextupdate", flag, "Print nextUpdate", ""},
		{"noout", flag, "Write no list", ""},
		{"fingerprint", flag, "Print the digest of the list", ""},
		{"crlnumber", flag, "Print the number of the list", ""},
		{"badsig", flag, "Damage the signature", ""},
		{"gendelta", inFile, "Make a delta list of the list and this newer one", ""},
		title("Certificate options"),
		{"CApath", folder, "Folder of certificates to verify with", ""},
		{"CAfile", inFile, "File of certificates to verify with", ""},
		{"CAstore", uri, "File or folder of certificates to verify with", ""},
		{"no-CAfile", flag, "Leave out the file of certificates that systems have", ""},
		{"no-CApath", flag, "Leave out the folder of certificates that systems have", ""},
		{"no-CAstore", flag, "Leave out the store of certificates that systems have", ""},
	}, providerOptions())}
}

func crlRun(c *call) error {
	flags, print, err := c.printing("")
	if err != nil {
		return err
	}
	iso, err := c.dateOption()
	if err != nil {
		return err
	}
	if err := c.noArguments(); err != nil {
		return err
	}
	if _, err := c.digest(); err != nil {
		return err
	}
	raw, err := c.listData(c.text("in"), c.text("inform"), "CRL")
	if err != nil {
		return complain("%s\nUnable to load CRL", err)
	}
	if c.has("gendelta") {
		if raw, err = c.delta(raw); err != nil {
			return err
		}
	}
	shown, err := text.ReadList(raw)
	if err != nil {
		if _, cause := crl.ParseAnyTime(raw); cause != nil {
			err = cause
		}
		return complain("%s\nUnable to load CRL", c.unread("CRL", c.text("in"), err))
	}
	if c.hasAny("verify", "CAfile", "CApath", "CAstore") {
		if err := c.verifyList(raw); err != nil {
			return err
		}
	}
	if c.has("badsig") {
		raw = damaged(raw)
		if shown, err = text.ReadList(raw); err != nil {
			return because("Error printing CRL", err)
		}
	}
	if err := c.describeList(shown, flags, iso); err != nil {
		return err
	}
	var out bytes.Buffer
	if c.has("text") {
		w := text.NewWriter(&out, c.names)
		if err := shown.Write(w, print); err != nil {
			return because("Error printing CRL", err)
		}
		w.Flush()
	}
	if !c.has("noout") {
		c.encode(&out, "X509 CRL", raw)
	}
	return c.writeFile(c.text("out"), out.Bytes(), false)
}

// verifyList tells whether the list is signed by one of the certificates that
// the name of its issuer leads to. A signature that does not verify is no
// failure of the command in OpenSSL 3.0.
func (c *call) verifyList(raw []byte) error {
	list, err := crl.ParseAnyTime(raw)
	if err != nil {
		return because("Error verifying the CRL", err)
	}
	store, err := c.store()
	if err != nil {
		return err
	}
	issuer := store.byName(list.Issuer)
	if issuer == nil {
		return complain("Error getting CRL issuer certificate")
	}
	if issuer.PublicKey == nil || issuer.PublicKey.Key == nil {
		return complain("Error getting CRL issuer public key")
	}
	if err := list.CheckSignature(issuer.PublicKey); err != nil {
		fmt.Fprintln(c.Stderr, "verify failure")
		return nil
	}
	fmt.Fprintln(c.Stderr, "verify OK")
	return nil
}

// describeList prints, to standard output always, what single options ask for.
func (c *call) describeList(l *text.List, flags text.NameFlags, iso bool) error {
	titledTime := text.TitledTime
	if iso {
		titledTime = text.TitledISOTime
	}
	w := text.NewWriter(c.Stdout, c.names)
	several := 0
	for _, g := range c.given {
		if slices.Contains([]string{"issuer", "crlnumber", "hash", "hash_old", "lastupdate", "nextupdate", "fingerprint"}, g.name) {
			several++
		}
	}
	for _, g := range c.inOrder() {
		switch g.name {
		case "issuer":
			text.TitledName(w, "issuer=", l.Issuer, flags)
		case "crlnumber":
			l.CRLNumber(w)
		case "subject_hash":
			w.WriteString(titleAmong(several, "issuer name hash="))
			fmt.Fprintln(w, text.NameHash(l.Issuer))
		case "hash_old":
			w.WriteString(titleAmong(several, "issuer name old hash="))
			fmt.Fprintln(w, text.OldNameHash(l.Issuer))
		case "lastupdate":
			titledTime(w, "lastUpdate=", l.ThisUpdate)
		case "nextupdate":
			if !l.HasNextUpdate {
				w.WriteString("nextUpdate=NONE\n")
				continue
			}
			titledTime(w, "nextUpdate=", l.NextUpdate)
		case "fingerprint":
			if err := c.fingerprint(w, l.Raw, true); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// titleAmong is the title of a line that stands among several.
func titleAmong(lines int, title string) string {
	if lines > 1 {
		return title
	}
	return ""
}

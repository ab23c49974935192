package openssl

import (
	"bytes"
	"errors"

	"github.com/certwright/certwright/format/der"
)

func sessIDCommand() command {
	const noReading = "sessions are converted, not read; only -in, -inform, -out, -outform and -noout are offered"
	return command{name: "sess_id", run: sessID, options: []option{
		title("General options"),
		helpOption(),
		{"in", str, "File of a TLS session (default: standard input)", ""},
		{"inform", anyFormat, "Format of the input: DER or PEM", ""},
		{"context", str, "Set the context of the session (refused)", noReading},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", anyFormat, "Format of the output: DER or PEM", ""},
		{"text", flag, "Print the session (refused)", noReading},
		{"cert", flag, "Write the certificate of the session (refused)", noReading},
		{"noout", flag, "Write no session", ""},
	}}
}

// sessID converts a TLS session between DER and PEM.
func sessID(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	data, err := c.open(c.text("in"))
	if err != nil {
		return complain("%s\nunable to load SSL_SESSION", err)
	}
	if err := checkFormat(data, c.format("inform", formatPEM)); err != nil {
		return because("unable to load SSL_SESSION", err)
	}
	found, _ := objects(data, "SSL SESSION PARAMETERS")
	if len(found) == 0 {
		return because("unable to load SSL_SESSION", errors.New("there is no TLS session in it"))
	}
	if _, err := der.ParseTag(found[0], der.Sequence); err != nil {
		return because("unable to load SSL_SESSION", err)
	}
	if c.has("noout") {
		return nil
	}
	var out bytes.Buffer
	c.encode(&out, "SSL SESSION PARAMETERS", found[0])
	return c.writeFile(c.text("out"), out.Bytes(), false)
}

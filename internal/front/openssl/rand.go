package openssl

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// mostRandom bounds what is drawn in one call, in octets.
const mostRandom = 1 << 26

func randCommand() command {
	return command{name: "rand", usage: "[options] num", run: randomOctets, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"base64", flag, "Write base64", ""},
		{"hex", flag, "Write hexadecimal digits", ""},
	}, randomOptions(), providerOptions(), []option{
		title("Parameters"),
		{"num", parameters, "How many octets", ""},
	})}
}

func randomOctets(c *call) error {
	switch len(c.args) {
	case 0:
		return nil // as OpenSSL does
	case 1:
	default:
		return c.misuse("")
	}
	n, err := c.number(c.args[0])
	switch {
	case err != nil:
		return err
	case n <= 0:
		return c.misuse("")
	case n > mostRandom:
		return complain("rand: %d octets are more than certwright openssl draws at a time; ask for %d at most", n, mostRandom)
	}
	octets := make([]byte, n)
	if _, err := io.ReadFull(c.random(), octets); err != nil {
		return fmt.Errorf("reading random octets: %w", err)
	}
	switch {
	case c.has("base64"):
		octets = base64Lines(octets)
	case c.has("hex"):
		octets = append(hex.AppendEncode(nil, octets), '\n')
	}
	return c.writeFile(c.text("out"), octets, true)
}

// base64Lines writes base64 in lines of 64 characters.
func base64Lines(data []byte) (out []byte) {
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(data)), 64) {
		out = append(append(out, line...), '\n')
	}
	return out
}

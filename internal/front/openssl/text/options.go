package text

import (
	"fmt"
	"strings"
)

// partWords are the words of -certopt and -reqopt that leave something out.
var partWords = [...]struct {
	word string
	part Parts
}{
	{"no_header", NoHeader}, {"no_version", NoVersion}, {"no_serial", NoSerial}, {"no_signame", NoSignatureName},
	{"no_validity", NoValidity}, {"no_subject", NoSubject}, {"no_issuer", NoIssuer}, {"no_pubkey", NoPublicKey},
	{"no_extensions", NoExtensions}, {"no_sigdump", NoSignature}, {"no_aux", NoTrust}, {"no_attributes", NoAttributes},
}

// caParts is what ca_default leaves out.
const caParts = NoIssuer | NoPublicKey | NoHeader | NoVersion

// ParsePrintOptions adds the words of -certopt or -reqopt, with commas between
// them, to o; a word with a minus in front takes its meaning away.
func (o *Options) ParsePrintOptions(words string) error {
	for word := range strings.SplitSeq(words, ",") {
		word = strings.TrimSpace(word)
		bare, minus := strings.CutPrefix(word, "-")
		if !minus {
			bare = strings.TrimPrefix(word, "+")
		}
		if !o.add(strings.ToLower(bare), minus) && words != "" {
			return fmt.Errorf("%q is not an option for printing", word)
		}
	}
	return nil
}

func (o *Options) add(word string, minus bool) bool {
	fallback := map[string]Fallback{"ext_default": FallbackText, "ext_error": FallbackError, "ext_parse": FallbackParse, "ext_dump": FallbackDump}
	if f, ok := fallback[word]; ok {
		if o.Fallback = f; minus {
			o.Fallback = FallbackText
		}
		return true
	}
	switch word {
	case "compatible", "ca_default":
		o.Without, o.Fallback = 0, FallbackText
		if word == "ca_default" && !minus {
			o.Without = caParts
		}
		return true
	}
	for _, p := range partWords {
		if p.word != word {
			continue
		}
		if o.Without |= p.part; minus {
			o.Without &^= p.part
		}
		return true
	}
	return false
}

package ext

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// hostToASCII converts the labels of a host name that are not ASCII to
// A-labels (RFC 5891); ASCII comes back as it is.
func hostToASCII(host string) (string, error) {
	if isASCII(host) {
		return host, nil
	}
	if !utf8.ValidString(host) {
		return "", errors.New("the host name is not valid UTF-8")
	}
	// Punycode takes time with the square of the length.
	const maxHost = 4 * 253
	if len(host) > maxHost {
		return "", fmt.Errorf("the host name is %d octets long, and at most 253 are allowed", len(host))
	}
	rest, wildcard := strings.CutPrefix(host, "*.")
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(true), idna.CheckJoiners(true), idna.StrictDomainName(true))
	ascii, err := profile.ToASCII(rest)
	if err != nil {
		return "", errors.New("the host name has a character that internationalized names do not allow (RFC 5892); check the spelling")
	}
	if wildcard {
		return "*." + ascii, nil
	}
	return ascii, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// printable reports text without characters that change what a terminal shows.
func printable(text string) bool {
	for _, c := range text {
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			return false
		}
	}
	return text != ""
}

// checkHost checks the preferred syntax of host names (RFC 1034, Section 3.5;
// RFC 1123, Section 2.1), and a wildcard as the whole leftmost label (RFC 9525,
// Section 6.3) where one is allowed.
func checkHost(host string, wildcard bool) error {
	if err := mistaken(host); err != nil {
		return err
	}
	if wildcard {
		host = strings.TrimPrefix(host, "*.")
	}
	if len(host) > 253 {
		return fmt.Errorf("the host name is %d characters long, and at most 253 are allowed", len(host))
	}
	last := ""
	for rest, more := host, true; more; {
		last, rest, more = strings.Cut(rest, ".")
		if err := checkLabel(last); err != nil {
			return err
		}
	}
	if strings.Trim(last, "0123456789") == "" {
		return errors.New("the host name ends in a number, which no domain does; write ip: before an address")
	}
	return nil
}

// mistaken finds what people write where a host name belongs.
func mistaken(host string) error {
	maybe := strings.Contains(host, ":") || host != "" && strings.IndexByte("0123456789]", host[len(host)-1]) >= 0
	if bare := strings.Trim(host, "[]"); maybe {
		if _, err := netip.ParseAddr(bare); err == nil {
			return fmt.Errorf("this is an IP address, not a host name; write ip:%s", bare)
		}
	}
	switch {
	case host == "":
		return errors.New("the host name is empty")
	case strings.HasSuffix(host, "."):
		return errors.New("the host name ends in a dot; leave the dot out")
	case strings.Contains(host, "://"):
		return errors.New("this is a URI, not a host name; write uri: before it, or the host name alone")
	case strings.Contains(host, "@"):
		return errors.New("this is an e-mail address, not a host name; write email: before it")
	case strings.Contains(host, "/"):
		return errors.New("a host name has no path or network length; leave out the slash and what follows")
	case strings.Contains(host, ":"):
		return errors.New("a host name has no port; leave out the colon and what follows")
	case !isASCII(host):
		return errors.New("the host name has characters outside ASCII; in a certificate they stand as A-labels (xn--…)")
	}
	return nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("the host name has an empty label (two dots in a row, or one at the start)")
	case len(label) > 63:
		return fmt.Errorf("the label %q is %d characters long, and at most 63 are allowed", label, len(label))
	case strings.Contains(label, "*"):
		return errors.New("a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com")
	case strings.Contains(label, "_"):
		return fmt.Errorf("the label %q has an underscore, which host names do not; for a service name write srv:_service.host", label)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Errorf("the label %q begins or ends with a hyphen", label)
	}
	for _, c := range []byte(label) {
		if !letterOrDigit(c) && c != '-' {
			return fmt.Errorf("the label %q has the character %q; only letters, digits and hyphens may be used", label, rune(c))
		}
	}
	if len(label) > 4 && strings.EqualFold(label[:4], "xn--") {
		if _, err := idna.Punycode.ToUnicode(strings.ToLower(label)); err != nil {
			return fmt.Errorf("the label %q begins like an A-label, but is none (RFC 5890)", label)
		}
	}
	return nil
}

func letterOrDigit(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// checkEmail checks a Mailbox (RFC 5321, Section 4.1.2) in ASCII, which is all
// that rfc822Name can hold.
func checkEmail(address string) error {
	local, domain, found := cutLast(address, "@")
	switch {
	case strings.ContainsAny(address, "<>"):
		return errors.New("only the address itself belongs here; leave out the display name and the angle brackets")
	case !found:
		return errors.New(`there is no "@" in the e-mail address; write it like name@host.example`)
	case !isASCII(local):
		return errors.New("the part before the @ has characters outside ASCII, which this kind cannot hold; write smtputf8: before the address")
	case len(local) > 64:
		return fmt.Errorf("the part before the @ is %d characters long, and at most 64 are allowed", len(local))
	case len(address) > 254:
		return fmt.Errorf("the e-mail address is %d characters long, and at most 254 are allowed", len(address))
	case !isDotAtom(local) && !isQuoted(local):
		return fmt.Errorf("the part before the @, %q, is not a valid mailbox name", local)
	}
	if err := checkHost(domain, false); err != nil {
		return fmt.Errorf("the part after the @: %w", err)
	}
	return nil
}

func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		if !letterOrDigit(s[i]) && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", rune(s[i])) {
			return false
		}
	}
	return true
}

func isQuoted(s string) bool {
	if len(s) < 3 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	for i := 1; i < len(s)-1; i++ {
		switch {
		case s[i] < ' ' || s[i] > '~' || s[i] == '"':
			return false
		case s[i] == '\\':
			i++
			if i == len(s)-1 {
				return false
			}
		}
	}
	return true
}

// checkURI checks that a URI is absolute, and names its host where it has an
// authority (RFC 5280, Section 4.2.1.6; RFC 3986). ldap: and file: may leave
// the host out (RFC 4516, RFC 8089).
func checkURI(text string) error {
	if !visible(text) {
		return errors.New("the URI has a blank, a control character or a character outside ASCII; write it percent-encoded, and the host as A-labels (xn--…)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("this is not a URI (RFC 3986); write it like https://host.example/path")
	case u.Scheme == "":
		return errors.New("the URI is relative; write it whole, with its scheme, like https://host.example/path")
	case strings.TrimPrefix(text[len(u.Scheme)+1:], "//") == "":
		return errors.New("the URI has nothing after its scheme; write it whole, like https://host.example/path")
	case !strings.HasPrefix(text[len(u.Scheme)+1:], "//"):
		return nil
	case u.Hostname() == "":
		if u.Scheme == "ldap" || u.Scheme == "ldaps" || u.Scheme == "file" {
			return nil
		}
		return errors.New("the URI has no host after the two slashes; write it like https://host.example/path")
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil
	}
	if strings.Contains(u.Hostname(), "_") && u.Scheme != "http" && u.Scheme != "https" {
		// Trust domains of workload identities may hold underscores.
		return nil
	}
	if err := checkHost(u.Hostname(), false); err != nil {
		return fmt.Errorf("the host of the URI: %w", err)
	}
	return nil
}

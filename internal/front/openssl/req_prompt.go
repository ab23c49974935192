package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/opensslconf"
)

const introduction = `You are about to be asked to enter information that will be incorporated
into your certificate request.
What you are about to enter is what is called a Distinguished Name or a DN.
There are quite a few fields but you can leave some blank
For some fields there will be a default value,
If you enter '.', the field will be left blank.
-----
`

const extraIntroduction = `
Please enter the following 'extra' attributes
to be sent with your certificate request
`

// interview asks for the subject and the attributes.
func (r *requesting) interview() (none dn.Name, _ []pkcs10.Attribute, err error) {
	asks := !r.has("batch")
	if asks {
		fmt.Fprint(r.Stderr, introduction)
	}
	s := r.settings
	if s.DistinguishedName == "" {
		return none, nil, errNoObjects
	}
	prompts, err := r.conf.SubjectPrompts(s.DistinguishedName)
	if err != nil {
		return none, nil, err
	}
	if len(prompts) == 0 {
		return none, nil, errNoObjects
	}
	answers, err := r.askAll(prompts)
	if err != nil {
		return none, nil, err
	}
	subject, err := opensslconf.SubjectOf(answers, s.Names)
	if err != nil {
		return none, nil, err
	}
	if len(subject.RDNs) == 0 {
		return none, nil, errors.New("error, no objects specified in config file")
	}
	if s.Attributes == "" || r.asCertificate {
		return subject, nil, nil
	}
	if prompts, err = r.conf.AttributePrompts(s.Attributes); err != nil {
		return none, nil, err
	}
	if len(prompts) > 0 && asks {
		fmt.Fprint(r.Stderr, extraIntroduction)
	}
	if answers, err = r.askAll(prompts); err != nil {
		return none, nil, err
	}
	attributes, err := opensslconf.AttributesOf(answers, s.Names)
	return subject, attributes, err
}

func (r *requesting) askAll(prompts []opensslconf.Prompt) (answers []opensslconf.Answer, err error) {
	for _, p := range prompts {
		answer, taken, err := r.askOne(p)
		if err != nil {
			return nil, err
		}
		if taken {
			answers = append(answers, opensslconf.Answer{Prompt: p, Text: answer})
		}
	}
	return answers, nil
}

// askOne asks until the answer has a length that the question allows.
func (r *requesting) askOne(p opensslconf.Prompt) (answer string, taken bool, err error) {
	for {
		if answer, err = r.answer(p); err != nil {
			return "", false, err
		}
		if answer, taken = p.Take(answer); !taken {
			return "", false, nil
		}
		err := p.Check(answer)
		if err == nil {
			return answer, true, nil
		}
		var length *opensslconf.LengthError
		if errors.As(err, &length) {
			if length.Short {
				fmt.Fprintf(r.Stderr, "String too short, must be at least %d bytes long\n", length.Limit)
			} else {
				fmt.Fprintf(r.Stderr, "String too long, must be at most %d bytes long\n", length.Limit)
			}
		}
		if r.has("batch") || p.HasValue {
			return "", false, complaint{}
		}
	}
}

// answer returns a line of standard input, or what stands in for it.
func (r *requesting) answer(p opensslconf.Prompt) (string, error) {
	if !r.has("batch") {
		fmt.Fprintf(r.Stderr, "%s [%s]:", p.Text, p.Default)
	}
	switch {
	case p.HasValue:
		fmt.Fprintln(r.Stderr, p.Value)
		return p.Value, nil
	case r.has("batch"):
		return "", nil
	}
	line, err := r.inputLine()
	if err != nil {
		return "", complaint{}
	}
	if !strings.HasSuffix(line, "\n") {
		return "", errors.New("weird input :-(")
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// inputLine reads a line of standard input with its end, as much as OpenSSL
// reads at once.
func (c *call) inputLine() (string, error) {
	const most = 1023
	var line bytes.Buffer
	one := make([]byte, 1)
	for line.Len() < most {
		n, err := c.Stdin.Read(one)
		line.Write(one[:n])
		if n == 1 && one[0] == '\n' {
			return line.String(), nil
		}
		if err != nil {
			if line.Len() == 0 {
				return "", err
			}
			break
		}
	}
	return line.String(), nil
}

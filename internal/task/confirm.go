package task

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/request"
)

const (
	ticketLine   = "Ticket: "
	confirmLabel = "CERTIFICATE CONFIRMATION"
	answerLabel  = "CHALLENGE ANSWER"
)

// EncodeSealed writes what an applicant has to decrypt, with the ticket that
// the answer is for above it.
func EncodeSealed(out *authority.Outcome) []byte {
	return append([]byte(ticketLine+out.Ticket.ID+"\n"), pem.Encode("CMS", out.Encrypted)...)
}

// ToConfirm is what "request confirm" reads: a message to be decrypted, or the
// answer that was made of one.
type ToConfirm struct {
	Ticket  string
	Message *cms.EnvelopedData // nil where Answer is there
	Answer  *crmf.Answer
}

// ReadToConfirm reads either; anything else is a *request.Refusal.
func ReadToConfirm(data []byte) (*ToConfirm, error) {
	c := &ToConfirm{Ticket: ticketOf(data)}
	blocks, err := pem.Find(data)
	if err != nil || len(blocks) == 0 {
		return nil, notToConfirm("")
	}
	if label := blocks[0].Label; label == confirmLabel || label == answerLabel {
		answer, err := crmf.ParseAnswer(blocks[0].Bytes)
		if err != nil {
			return nil, notToConfirm(": " + err.Error())
		}
		c.Answer = &answer
		return c, nil
	}
	info, err := cms.Parse(blocks[0].Bytes)
	if err != nil {
		return nil, notToConfirm("")
	}
	if c.Message, err = info.EnvelopedData(); err != nil {
		return nil, notToConfirm(": " + err.Error())
	}
	return c, nil
}

func notToConfirm(why string) error {
	return &request.Refusal{Reason: request.BadFormat, Detail: "this is neither an encrypted certificate or challenge nor the answer to one" + why,
		Fix: "give the file that certwright sign wrote for the request"}
}

func ticketOf(data []byte) string {
	for line := range bytes.Lines(data) {
		if id, ok := bytes.CutPrefix(line, []byte(ticketLine)); ok {
			return strings.ToUpper(string(bytes.TrimSpace(id)))
		}
		if bytes.HasPrefix(line, []byte("-----")) {
			break
		}
	}
	return ""
}

// Opened is what decrypting came to: the certificate, or nil where it was a
// challenge, and the answer to it.
type Opened struct {
	Certificate *cert.Certificate
	Answer      crmf.Answer
}

// Open decrypts with the private key of the request.
func (c *ToConfirm) Open(k *key.Private) (*Opened, error) {
	if k.Key == nil {
		return nil, &request.Refusal{Reason: request.BadKey, Detail: fmt.Sprintf("nothing is decrypted with a key of this kind here (%s)", k.Public), Fix: "decrypt it with another program"}
	}
	content, err := c.Message.Decrypt(cms.Opener{Key: k.Key})
	if err != nil {
		detail := err.Error()
		if errors.Is(err, cms.ErrDecrypt) {
			detail = fmt.Sprintf("it cannot be decrypted with this key (%s): it is for another key, or damaged", k.Public)
		}
		return nil, &request.Refusal{Reason: request.BadKey, Detail: detail, Fix: "give the private key that the request was made with: --key"}
	}
	if number, err := crmf.ParseRand(content); err == nil {
		return &Opened{Answer: crmf.Answer{Number: number.Number}}, nil
	}
	issued, err := cert.Parse(content)
	if err != nil {
		return nil, notToConfirm(": what is encrypted in it is no certificate and no challenge")
	}
	if !key.SameKey(issued.PublicKey, k.Public) {
		return nil, &request.Refusal{Reason: request.BadKey, Detail: fmt.Sprintf("the certificate in it is not for this key (%s)", k.Public), Fix: "do not confirm it; ask the authority"}
	}
	sum := sha256.Sum256(content)
	return &Opened{Certificate: issued, Answer: crmf.Answer{Hash: crypto.SHA256, CertHash: sum[:]}}, nil
}

// EncodeAnswer writes an answer for the authority.
func EncodeAnswer(ticket string, a crmf.Answer) ([]byte, error) {
	der, err := crmf.MarshalAnswer(a)
	if err != nil {
		return nil, err
	}
	var above []byte
	if ticket != "" {
		above = []byte(ticketLine + ticket + "\n")
	}
	label := confirmLabel
	if a.Number != nil {
		label = answerLabel
	}
	return append(above, pem.Encode(label, der)...), nil
}

// ConfirmationOf is the answer as the authority takes it.
func ConfirmationOf(ticket, from string, a crmf.Answer) authority.Confirmation {
	return authority.Confirmation{Ticket: ticket, From: from, Hash: a.Hash, CertHash: a.CertHash, Answer: a.Number}
}

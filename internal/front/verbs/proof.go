package verbs

import (
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/internal/front"
)

// proofFlags are what proofs of possession are checked against besides the
// request, which whoever runs the command vouches for.
type proofFlags struct {
	sender, secret, challenge string
	authority                 bool
}

func (f *proofFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.secret, "secret", "", "secret shared with the sender of a CRMF, for its publicKeyMAC: "+front.SourceHelp)
	flags.StringVar(&f.sender, "sender", "", `authenticated sender of a CRMF, as "dir:CN=Ann" or "email:ann@example.com"`)
	flags.BoolVar(&f.authority, "registration-authority", false, "the sender is an authorised registration authority: take its word for possession (raVerified)")
	flags.StringVar(&f.challenge, "issued-challenge", "", "challenge that was issued to the sender of an SPKAC: "+front.SourceHelp)
}

// proofs is what the flags say, read once for all requests.
type proofs struct {
	sender    string
	authority bool
	witness   evidence.Witness
}

func (p *program) proofs(f *proofFlags) (proofs, error) {
	out := proofs{sender: f.sender, authority: f.authority}
	if f.sender != "" {
		name, err := ext.ParseGeneralName(f.sender)
		if err != nil {
			return out, front.Usage(`write it as "dir:CN=Ann" or "email:ann@example.com"`, "--sender: %v", err)
		}
		out.sender = name.String()
	}
	if f.secret != "" {
		secret, err := p.shell.Secret(f.secret, "the shared secret", "secret")
		if err != nil {
			return out, err
		}
		out.witness.Secret = secret
	}
	if f.challenge != "" {
		challenge, err := p.shell.Secret(f.challenge, "the challenge", "issued-challenge")
		if err != nil {
			return out, err
		}
		out.witness.Challenge = string(challenge)
	}
	return out, nil
}

// on puts what is known of the sender into a submission.
func (o proofs) on(s authority.Submission) authority.Submission {
	s.Origin.Sender, s.Origin.RegistrationAuthority = o.sender, o.authority
	s.Witness = o.witness
	return s
}

package cmp

import (
	"bytes"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
)

// Octets of what must not be guessed (RFC 9483, Section 3.1).
const (
	nonceSize       = 16
	transactionSize = 16
)

// Rules are what a received header is held against.
type Rules struct {
	Now    time.Time
	Window time.Duration // how far messageTime may be from Now, either way; 0 leaves it unchecked
	// First is set for the first message of a transaction. Others must carry
	// TransactionID and, as recipNonce, Nonce: the senderNonce last sent.
	First         bool
	Unheld        bool // recipNonce is held against nothing: it is a nested message's, or of a transaction that is not there
	TransactionID []byte
	Nonce         []byte
	// Answer is set for what a server says: who asked knows what protects it, so
	// it need not say.
	Answer bool
}

// Check holds the header against the rules of RFC 9810, Section 5.1.1, and RFC
// 9483, Section 3.5, and returns the first that is broken, nil where none is.
// Whether the protection is right is for VerifySecret and VerifySignature.
func (m *Message) Check(r Rules) *Failure {
	for _, rule := range []func(Rules) *Failure{m.checkVersion, m.checkTime, m.checkProtection, m.checkSender, m.checkTransaction, m.checkNonces, m.checkInfo} {
		if f := rule(r); f != nil {
			return f
		}
	}
	return nil
}

func (m *Message) checkVersion(Rules) *Failure {
	if v := m.Header.Version; v != Version2 && v != Version3 {
		return fail(UnsupportedVersion, "the protocol version is %d; 2 and 3 are spoken here", v)
	}
	return nil
}

func (m *Message) checkTime(r Rules) *Failure {
	if r.Window == 0 {
		return nil
	}
	if m.Header.Time.IsZero() {
		return fail(BadTime, "messageTime is missing")
	}
	if off := r.Now.Sub(m.Header.Time); off > r.Window || off < -r.Window {
		return fail(BadTime, "messageTime is %s, but it is %s here; set the clock", m.Header.Time.Format(time.RFC3339), r.Now.UTC().Format(time.RFC3339))
	}
	return nil
}

func (m *Message) checkProtection(Rules) *Failure {
	switch {
	case m.Header.Algorithm == nil && m.Protection != nil:
		return fail(BadMessageCheck, "the message has a protection but no protectionAlg")
	case m.Header.Algorithm != nil && m.Protection == nil:
		return fail(BadMessageCheck, "the message has a protectionAlg but no protection")
	}
	return nil
}

// checkSender holds the sender against the way the message is protected (RFC
// 9483, Section 3.1).
func (m *Message) checkSender(r Rules) *Failure {
	if m.Header.Algorithm == nil {
		return nil
	}
	if m.Header.Sender.Kind != ext.DirectoryName {
		return fail(BadMessageCheck, "the sender is no directoryName")
	}
	if r.Answer {
		return nil
	}
	if m.ByMAC() && m.Header.SenderKID == nil {
		return fail(BadMessageCheck, "senderKID is missing: it has to say which secret protects the message")
	}
	if !m.ByMAC() && len(m.ExtraCerts) == 0 && m.Header.SenderKID == nil {
		return fail(BadMessageCheck, "neither senderKID nor extraCerts say which key protects the message")
	}
	return nil
}

func (m *Message) checkTransaction(r Rules) *Failure {
	id := m.Header.TransactionID
	switch {
	case id == nil:
		return fail(BadDataFormat, "transactionID is missing")
	case len(id) != transactionSize:
		return fail(BadDataFormat, "transactionID has %d octets; it must have %d", len(id), transactionSize)
	case !r.First && !bytes.Equal(id, r.TransactionID):
		return fail(BadRequest, "transactionID is that of another transaction")
	}
	return nil
}

func (m *Message) checkNonces(r Rules) *Failure {
	switch {
	case m.Header.SenderNonce == nil:
		return fail(BadSenderNonce, "senderNonce is missing")
	case len(m.Header.SenderNonce) < nonceSize:
		return fail(BadSenderNonce, "senderNonce has %d octets; it must have %d at least", len(m.Header.SenderNonce), nonceSize)
	case r.First && !r.Unheld && m.Header.RecipientNonce != nil:
		return fail(BadRecipientNonce, "the first message of a transaction has a recipNonce")
	case !r.First && !bytes.Equal(m.Header.RecipientNonce, r.Nonce):
		return fail(BadRecipientNonce, "recipNonce is not the nonce that was sent")
	}
	return nil
}

func (m *Message) checkInfo(Rules) *Failure {
	implicit, ok := m.Header.Find(InfoImplicitConfirm)
	if ok && !bytes.Equal(implicit.Value, []byte{byte(der.Null), 0}) {
		return fail(BadRequest, "the value of implicitConfirm is not NULL")
	}
	wait, waits := m.Header.Find(InfoConfirmWaitTime)
	if ok && waits {
		return fail(BadRequest, "implicitConfirm and confirmWaitTime exclude each other")
	}
	if _, err := der.ParseTag(wait.Value, der.GeneralizedTime); waits && err != nil {
		return fail(BadDataFormat, "confirmWaitTime: %v", err)
	}
	if _, err := m.Header.Profiles(); err != nil {
		return fail(BadDataFormat, "%v", err)
	}
	return nil
}

package cmp

import (
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Versions of the protocol.
const (
	Version2 = 2 // RFC 4210
	Version3 = 3 // RFC 9480, RFC 9810
)

// Header is a PKIHeader (RFC 9810, Section 5.1.1). Nil and zero fields are
// absent.
type Header struct {
	Raw            []byte
	Version        int
	Sender         ext.GeneralName
	Recipient      ext.GeneralName
	Time           time.Time
	Algorithm      *key.AlgorithmIdentifier // of the protection
	SenderKID      []byte
	RecipientKID   []byte
	TransactionID  []byte
	SenderNonce    []byte
	RecipientNonce []byte
	FreeText       []string
	Info           []Info
}

func parseHeader(e der.Element) (h Header, err error) {
	h.Raw = e.Raw
	in := e.Children()
	version, err := in.Take(der.Integer)
	if err == nil {
		h.Version, err = version.Int()
	}
	if err != nil {
		return h, fmt.Errorf("pvno: %w", err)
	}
	if h.Sender, err = takeName(&in); err != nil {
		return h, fmt.Errorf("sender: %w", err)
	}
	if h.Recipient, err = takeName(&in); err != nil {
		return h, fmt.Errorf("recipient: %w", err)
	}
	if when, ok, err := explicit(&in, 0, der.GeneralizedTime); err != nil {
		return h, fmt.Errorf("messageTime: %w", err)
	} else if ok {
		if h.Time, err = when.Time(); err != nil {
			return h, fmt.Errorf("messageTime: %w", err)
		}
	}
	if algorithm, ok, err := explicit(&in, 1, der.Sequence); err != nil {
		return h, fmt.Errorf("protectionAlg: %w", err)
	} else if ok {
		a, err := key.ParseAlgorithmIdentifier(algorithm.Raw)
		if err != nil {
			return h, fmt.Errorf("protectionAlg: %w", err)
		}
		h.Algorithm = &a
	}
	for _, field := range []struct {
		name string
		to   *[]byte
		tag  uint8
	}{
		{"senderKID", &h.SenderKID, 2}, {"recipKID", &h.RecipientKID, 3}, {"transactionID", &h.TransactionID, 4},
		{"senderNonce", &h.SenderNonce, 5}, {"recipNonce", &h.RecipientNonce, 6},
	} {
		octets, ok, err := explicit(&in, field.tag, der.OctetString)
		if err != nil {
			return h, fmt.Errorf("%s: %w", field.name, err)
		}
		if ok {
			*field.to = octets.Content
		}
	}
	if err := h.takeEnd(&in); err != nil {
		return h, err
	}
	return h, in.End()
}

// takeEnd reads freeText and generalInfo.
func (h *Header) takeEnd(in *der.Reader) error {
	text, ok, err := explicit(in, 7, der.Sequence)
	if err == nil && ok {
		h.FreeText, err = parseFreeText(text.Raw)
	}
	if err != nil {
		return fmt.Errorf("freeText: %w", err)
	}
	info, ok, err := explicit(in, 8, der.Sequence)
	if err == nil && ok {
		h.Info, err = parseInfos(info.Raw)
	}
	if err != nil {
		return fmt.Errorf("generalInfo: %w", err)
	}
	return nil
}

// explicit takes [n] EXPLICIT around an element of this tag.
func explicit(in *der.Reader, n uint8, tag der.Tag) (der.Element, bool, error) {
	outer, ok, err := in.Optional(der.ContextConstructed(n))
	if err != nil || !ok {
		return der.Element{}, false, err
	}
	e, err := der.ParseTag(outer.Content, tag)
	return e, true, err
}

// takeName takes a GeneralName.
func takeName(in *der.Reader) (ext.GeneralName, error) {
	e, err := in.Next()
	if err != nil {
		return ext.GeneralName{}, err
	}
	names, err := ext.ParseGeneralNames(listOf(e.Raw))
	if err != nil {
		return ext.GeneralName{}, err
	}
	return names[0], nil
}

// parseFreeText reads PKIFreeText.
func parseFreeText(raw []byte) ([]string, error) {
	var all []string
	err := each(raw, maxText, func(e der.Element) error {
		if e.Tag != der.UTF8String {
			return fmt.Errorf("found %v where UTF8String belongs", e.Tag)
		}
		text, err := e.Text()
		all = append(all, text)
		return err
	})
	return all, err
}

func freeText(all []string) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, s := range all {
		b.AddString(der.UTF8String, s)
	}
	b.End(outer)
	return b.Bytes()
}

// encode writes the header; Raw is ignored.
func (h Header) encode() []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Int(int64(h.Version))
	for _, name := range []ext.GeneralName{h.Sender, h.Recipient} {
		if len(name.Raw) == 0 {
			name = ext.NewDirectoryName(dn.Empty())
		}
		b.Raw(name.Raw)
	}
	if !h.Time.IsZero() {
		mark := b.Begin(der.ContextConstructed(0))
		b.GeneralizedTime(h.Time)
		b.End(mark)
	}
	if h.Algorithm != nil {
		b.Add(der.ContextConstructed(1), h.Algorithm.Raw)
	}
	for i, octets := range [][]byte{h.SenderKID, h.RecipientKID, h.TransactionID, h.SenderNonce, h.RecipientNonce} {
		if octets != nil {
			mark := b.Begin(der.ContextConstructed(uint8(2 + i)))
			b.Add(der.OctetString, octets)
			b.End(mark)
		}
	}
	if len(h.FreeText) > 0 {
		b.Add(der.ContextConstructed(7), freeText(h.FreeText))
	}
	if len(h.Info) > 0 {
		b.Add(der.ContextConstructed(8), encodeInfos(h.Info))
	}
	b.End(outer)
	return b.Bytes()
}

// Find returns the value of the first generalInfo of a type, in DER.
func (h Header) Find(t oid.OID) (Info, bool) { return find(h.Info, t) }

// ImplicitConfirm reports whether the header asks for, or grants, that no
// certConf follows.
func (h Header) ImplicitConfirm() bool {
	_, ok := h.Find(InfoImplicitConfirm)
	return ok
}

// Profiles returns the names of certProfile (RFC 9810, Section 5.1.1.4).
func (h Header) Profiles() ([]string, error) {
	i, ok := h.Find(InfoCertProfile)
	if !ok {
		return nil, nil
	}
	names, err := parseFreeText(i.Value)
	if err != nil {
		return nil, fmt.Errorf("certProfile: %w", err)
	}
	return names, nil
}

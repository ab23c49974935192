package ext

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// StatusRequest is the TLS feature that makes a certificate "must staple"
// (RFC 7633, RFC 6066).
const StatusRequest = 5

// ParseTLSFeature reads the value of the TLS feature extension (RFC 7633,
// Section 4.1): numbers of TLS extensions.
func ParseTLSFeature(value []byte) ([]int, error) {
	r, err := sequence(value, "TLS feature")
	if err != nil {
		return nil, err
	}
	var features []int
	for !r.Empty() {
		e, err := r.Take(der.Integer)
		if err != nil {
			return nil, fmt.Errorf("TLS feature: %w", err)
		}
		n, err := count(e)
		if err != nil {
			return nil, fmt.Errorf("TLS feature: %w", err)
		}
		features = append(features, n)
	}
	return features, nil
}

// NewTLSFeature makes the TLS feature extension, not critical.
func NewTLSFeature(features []int) Extension {
	b := der.NewBuilder(make([]byte, 0, 8+4*len(features)))
	seq := b.Begin(der.Sequence)
	for _, f := range features {
		b.Int(int64(f))
	}
	b.End(seq)
	return Extension{ID: oid.TLSFeature, Value: b.Bytes()}
}

// SCT is a signed certificate timestamp (RFC 6962, Section 3.2). Of versions
// other than 0 (v1) only Version and Raw are set.
type SCT struct {
	Version            uint8
	LogID              [32]byte
	Timestamp          time.Time // in milliseconds
	Extensions         []byte
	HashAlgorithm      uint8 // RFC 5246, Section 7.4.1.4.1: 4 is SHA-256
	SignatureAlgorithm uint8 // 1 is RSA, 3 is ECDSA
	Signature          []byte
	Raw                []byte // SerializedSCT, without its length
}

// ParseSCTList reads the value of the SCT list extension (RFC 6962, Section 3.3).
func ParseSCTList(value []byte) ([]SCT, error) {
	e, err := der.ParseTag(value, der.OctetString)
	if err != nil {
		return nil, fmt.Errorf("SCT list: %w", err)
	}
	in := tlsReader(e.Content)
	body, ok := in.vector()
	if !ok || len(in) != 0 {
		return nil, errors.New("SCT list: its length does not match its content")
	}
	var list []SCT
	for rest := tlsReader(body); len(rest) > 0; {
		raw, ok := rest.vector()
		if !ok {
			return nil, fmt.Errorf("SCT list: timestamp %d is cut short", len(list)+1)
		}
		sct, err := parseSCT(raw)
		if err != nil {
			return nil, fmt.Errorf("SCT list: timestamp %d: %w", len(list)+1, err)
		}
		list = append(list, sct)
	}
	return list, nil
}

func parseSCT(raw []byte) (SCT, error) {
	s := SCT{Raw: raw}
	in := tlsReader(raw)
	version, ok := in.take(1)
	if !ok {
		return s, errors.New("it is empty")
	}
	s.Version = version[0]
	if s.Version != 0 {
		return s, nil
	}
	id, ok1 := in.take(32)
	stamp, ok2 := in.take(8)
	extensions, ok3 := in.vector()
	algorithms, ok4 := in.take(2)
	signature, ok5 := in.vector()
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || len(in) > 0 {
		return s, errors.New("it is cut short, or something follows the signature")
	}
	copy(s.LogID[:], id)
	s.Timestamp = time.UnixMilli(int64(binary.BigEndian.Uint64(stamp))).UTC()
	s.Extensions, s.Signature = extensions, signature
	s.HashAlgorithm, s.SignatureAlgorithm = algorithms[0], algorithms[1]
	return s, nil
}

// tlsReader takes apart the presentation language of TLS (RFC 8446, Section 3).
type tlsReader []byte

func (r *tlsReader) take(n int) ([]byte, bool) {
	if len(*r) < n {
		return nil, false
	}
	out := (*r)[:n:n]
	*r = (*r)[n:]
	return out, true
}

// vector takes a vector with a length of two octets.
func (r *tlsReader) vector() ([]byte, bool) {
	length, ok := r.take(2)
	if !ok {
		return nil, false
	}
	return r.take(int(binary.BigEndian.Uint16(length)))
}

// NewSCTList makes the SCT list extension of serialized timestamps, which
// together are at most 65,535 octets (RFC 6962, Section 3.3).
func NewSCTList(scts [][]byte) (Extension, error) {
	list := []byte{0, 0}
	for _, sct := range scts {
		if len(sct) > 0xffff {
			return Extension{}, errors.New("SCT list: a timestamp is longer than 65,535 octets")
		}
		list = binary.BigEndian.AppendUint16(list, uint16(len(sct)))
		list = append(list, sct...)
	}
	if len(list)-2 > 0xffff {
		return Extension{}, errors.New("SCT list: the timestamps are longer than 65,535 octets; leave some out")
	}
	binary.BigEndian.PutUint16(list, uint16(len(list)-2))
	b := der.NewBuilder(make([]byte, 0, len(list)+4))
	b.Add(der.OctetString, list)
	return Extension{ID: oid.SCTList, Value: b.Bytes()}, nil
}

// NewCTPoison makes the extension that marks a precertificate, critical (RFC
// 6962, Section 3.1).
func NewCTPoison() Extension {
	return Extension{ID: oid.CTPoison, Critical: true, Value: []byte{byte(der.Null), 0}}
}

// NewOCSPNoCheck makes id-pkix-ocsp-nocheck (RFC 6960, Section 4.2.2.2.1).
func NewOCSPNoCheck() Extension {
	return Extension{ID: oid.OCSPNoCheck, Value: []byte{byte(der.Null), 0}}
}

// NewNoRevAvail makes noRevAvail: the issuer will not say whether the
// certificate is revoked (RFC 9608, Section 2).
func NewNoRevAvail() Extension {
	return Extension{ID: oid.NoRevAvail, Value: []byte{byte(der.Null), 0}}
}

// ParseNull reads the value of an extension that has none: CT poison,
// id-pkix-ocsp-nocheck, noRevAvail.
func ParseNull(value []byte) error {
	e, err := der.ParseTag(value, der.Null)
	if err != nil {
		return err
	}
	if len(e.Content) > 0 {
		return errors.New("NULL has content")
	}
	return nil
}

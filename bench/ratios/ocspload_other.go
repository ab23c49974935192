//go:build !linux

package main

import (
	"errors"
	"time"

	"github.com/certwright/certwright/format/cert"
)

// askAll is not there: openssl ocsp needs a network of its own, which is had
// on Linux alone.
func askAll([]*ocspClient, string, *cert.Certificate, time.Duration) (float64, error) {
	return 0, errors.New("OCSP is measured on Linux only")
}

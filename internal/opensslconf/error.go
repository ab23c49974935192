package opensslconf

import "fmt"

// Error is a fault in a configuration file.
type Error struct {
	File     string
	Line     int // where the faulty line begins in File, from 1
	Reported int // the line that OpenSSL names: all lines read so far, of included files too
	Detail   string
	err      error
}

// Error returns "FILE:LINE: DETAIL".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Detail) }

// Unwrap returns the reason beneath, nil where there is none.
func (e *Error) Unwrap() error { return e.err }

//go:build !unix

package opensslca

import "os"

// lock does nothing where the system has no such lock.
func lock(*os.File) error { return nil }

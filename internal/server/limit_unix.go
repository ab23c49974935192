//go:build unix

package server

import "syscall"

// spare are the file descriptors kept for everything but connections.
const spare = 256

// connections is how many of the wanted connections the process can have open.
func connections(wanted int) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) <= 2*spare {
		return min(wanted, spare)
	}
	if possible := uint64(limit.Cur) - spare; possible < uint64(wanted) {
		return int(possible)
	}
	return wanted
}

package main

import (
	"os"
	"syscall"
)

// residentMiB returns the most memory a finished process held.
func residentMiB(p *os.ProcessState) float64 {
	return float64(p.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

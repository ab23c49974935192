//go:build !linux

package main

import "os"

// residentMiB is not measured here: other systems count in other units.
func residentMiB(*os.ProcessState) float64 { return 0 }

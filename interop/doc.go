// Package interop runs the program beside others, and against kill -9.
package interop

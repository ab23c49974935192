//go:build !linux

package metrics

func addSystem(*Registry) {}

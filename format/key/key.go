// Package key reads, makes, writes and uses the keys of requests and
// certificates: public keys of any algorithm, private keys in any container.
package key

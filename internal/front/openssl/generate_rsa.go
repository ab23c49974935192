package openssl

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/key"
)

const smallestBits = 512

// mostPrimes is how many primes a modulus of so many bits may have.
func mostPrimes(bits int) int {
	switch {
	case bits < 1024:
		return 2
	case bits < 4096:
		return 3
	case bits < 8192:
		return 4
	}
	return 5
}

// generateRSA makes an RSA key of any size and number of primes.
func (c *call) generateRSA(bits, primes, exponent int) (k *key.Private, err error) {
	switch {
	case bits < smallestBits:
		return nil, errors.New("key size too small")
	case bits > largestBits:
		return nil, fmt.Errorf("RSA keys have at most %d bits here", largestBits)
	case exponent < 3 || exponent%2 == 0:
		return nil, fmt.Errorf("the public exponent %d is not an odd number of at least 3", exponent)
	case primes < 2 || primes > mostPrimes(bits):
		return nil, fmt.Errorf("a key of %d bits has 2 to %d primes", bits, mostPrimes(bits))
	}
	c.dotted(func() { k, err = c.drawRSA(bits, primes, exponent) })
	return k, err
}

func (c *call) drawRSA(bits, primes, exponent int) (*key.Private, error) {
	if bits >= 1024 && primes == 2 && exponent == 65537 {
		k, err := rsa.GenerateKey(c.random(), bits)
		if err != nil {
			return nil, fmt.Errorf("making an RSA key: %w", err)
		}
		return key.NewPrivate(k)
	}
	for {
		k, err := tryRSA(bits, primes, exponent)
		if err != nil {
			return nil, err
		}
		if k != nil {
			return key.NewPrivate(k)
		}
	}
}

// tryRSA draws primes; it returns nothing where they do not fit together.
func tryRSA(bits, primes, exponent int) (*rsa.PrivateKey, error) {
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1), E: exponent}}
	e, one := big.NewInt(int64(exponent)), big.NewInt(1)
	totient := big.NewInt(1)
	left := bits
	for i := range primes {
		size := left / (primes - i)
		left -= size
		p, err := rand.Prime(rand.Reader, size)
		if err != nil {
			return nil, fmt.Errorf("drawing a prime: %w", err)
		}
		for _, q := range k.Primes {
			if q.Cmp(p) == 0 {
				return nil, nil
			}
		}
		less := new(big.Int).Sub(p, one)
		if new(big.Int).GCD(nil, nil, e, less).Cmp(one) != 0 {
			return nil, nil
		}
		k.Primes = append(k.Primes, p)
		k.N.Mul(k.N, p)
		totient.Div(new(big.Int).Mul(totient, less), new(big.Int).GCD(nil, nil, totient, less))
	}
	if k.N.BitLen() != bits {
		return nil, nil
	}
	if k.Primes[0].Cmp(k.Primes[1]) < 0 {
		k.Primes[0], k.Primes[1] = k.Primes[1], k.Primes[0]
	}
	k.D = new(big.Int).ModInverse(e, totient)
	k.Precompute()
	return k, nil
}

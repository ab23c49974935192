package openssl

import "github.com/certwright/certwright/format/der"

// firstElement returns the first value of data, and leaves what follows it.
func firstElement(data []byte) ([]byte, error) {
	r := der.Reader(data)
	e, err := r.Next()
	if err != nil {
		return nil, err
	}
	return e.Raw, nil
}

package key

import "io"

// Generate makes a key: "rsa-2048" … "rsa-8192", "ecdsa-p256", "ecdsa-p384",
// "ecdsa-p521", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87".
func Generate(kind string, random io.Reader) (*Private, error) { panic("unwritten") }

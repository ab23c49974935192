package openssl

import (
	"fmt"
	"strconv"
	"strings"
)

// newKey makes the key of a new request where none was given, and writes it.
func (r *requesting) newKey() error {
	switch {
	case r.key == nil && r.asNew:
		return r.makeKey(r.text("newkey"))
	case r.key != nil && r.has("keyout"):
		return r.saveNewKey()
	}
	return nil
}

func (r *requesting) makeKey(spec string) error {
	plan, err := r.keyPlan(spec)
	if err != nil {
		return err
	}
	for _, text := range r.all("pkeyopt") {
		if err := plan.set(text, false); err != nil {
			return because("parameter error \""+text+"\"", err)
		}
	}
	isRSA := strings.HasPrefix(plan.algorithm, "RSA")
	if isRSA && plan.bits < smallestBits {
		return because("Error setting keysize", fmt.Errorf("an RSA key has at least %d bits, not %d", smallestBits, plan.bits))
	}
	if isRSA && plan.bits > largestBits {
		fmt.Fprintf(r.Stderr, "Warning: It is not recommended to use more than %d bit for RSA keys.\n", largestBits)
	}
	if r.has("verbose") {
		fmt.Fprintf(r.Stderr, "Generating %s key with %d bits\n", strings.ToLower(plan.algorithm), plan.bits)
	}
	if r.key, err = r.generate(plan); err != nil {
		return because("Error generating key", err)
	}
	return r.saveNewKey()
}

func (r *requesting) saveNewKey() error {
	name := r.text("keyout")
	if name == "" {
		name = r.settings.KeyFile
	}
	sink := keySink{file: name}
	if r.has("verbose") {
		if name == "" {
			fmt.Fprintln(r.Stderr, "Writing private key to stdout")
		} else {
			fmt.Fprintf(r.Stderr, "Writing private key to '%s'\n", name)
		}
	}
	if r.settings.EncryptKey && !r.hasAny("nodes", "noenc") {
		secret, err := r.secret("passout")
		if err != nil {
			return err
		}
		if secret == nil && r.settings.HasOutputPassword {
			secret = []byte(r.settings.OutputPassword)
		}
		sink.cipher, sink.secret = "DES-EDE3-CBC", secret
	}
	if err := r.savePrivate(r.key, sink); err != nil {
		return err
	}
	r.keyOut = name
	fmt.Fprintln(r.Stderr, "-----")
	return nil
}

// keyPlan reads -newkey: rsa:2048, ALGORITHM, ALGORITHM:FILE, param:FILE.
func (r *requesting) keyPlan(spec string) (*keyPlan, error) {
	if spec == "" {
		spec = "rsa:" + strconv.Itoa(r.settings.Bits)
	}
	if spec[0] >= '0' && spec[0] <= '9' {
		spec = "rsa:" + spec
	}
	algorithm, rest, has := strings.Cut(spec, ":")
	if strings.EqualFold(algorithm, "param") {
		return r.parameterPlan(rest)
	}
	plan := newPlan(algorithm)
	if plan == nil {
		return nil, because("Error allocating keygen context", fmt.Errorf("keys of the algorithm %q are not made by certwright openssl", algorithm))
	}
	isRSA := strings.HasPrefix(plan.algorithm, "RSA")
	switch {
	case isRSA && has && (rest == "" || rest[0] < '0' || rest[0] > '9'):
		// Other than OpenSSL, a file of parameters is never one for RSA.
		return nil, complain("Cannot open parameter file %s\n%q is not a number of bits", rest, rest)
	case isRSA && has:
		n, err := strconv.Atoi(rest)
		if err != nil {
			return nil, complain("Error setting keysize\n%q is not a number of bits", rest)
		}
		plan.bits = n
	case isRSA:
		plan.bits = r.settings.Bits
	case has && rest != "":
		fromFile, err := r.parameterPlan(rest)
		if err != nil {
			return nil, err
		}
		if fromFile.algorithm != plan.algorithm {
			return nil, complain("Key type does not match parameters")
		}
		return fromFile, nil
	}
	return plan, nil
}

func (r *requesting) parameterPlan(file string) (*keyPlan, error) {
	if _, err := r.read(file); err != nil {
		return nil, because("Cannot open parameter file "+file, fmt.Errorf("%s: %s", file, reason(err)))
	}
	return r.planOfFile(file)
}

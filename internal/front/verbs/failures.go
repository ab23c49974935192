package verbs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
)

// inFile puts the name of the file in front of what is wrong with it.
func inFile(file string, err error) error {
	if err == nil {
		return nil
	}
	f := *explain(err)
	if f.Exit == front.ExitUsage || f.Code == front.CodeFile || f.Told {
		return err
	}
	f.Detail = fmt.Sprintf("%s: %s", nameOf(file), f.Detail)
	return &f
}

// damaged is inFile for a file that is not whole, with what to do.
func damaged(file string, err error) error {
	f := *explain(inFile(file, err))
	if f.Fix == "" {
		f.Fix = "get the file again, whole; see what is in it: certwright inspect " + file
	}
	return &f
}

func nameOf(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// keyFailure says that a key file cannot be used, and why.
func keyFailure(file string, err error) error {
	name := nameOf(file)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, key.ErrPassphrase):
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodePassphrase, Detail: "the passphrase of " + name + " is wrong, or the file is damaged",
			Fix: "try another passphrase", Err: err}
	case errors.Is(err, key.ErrNoPassphrase):
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodePassphrase, Detail: "the key in " + name + " is encrypted",
			Fix: "give the public key, the request or the certificate instead", Err: err}
	case errors.Is(err, key.ErrNoPrivateKey):
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeKey, Detail: "there is no private key in " + name, Fix: "see what it is: certwright inspect " + file, Err: err}
	}
	f := *explain(err)
	if f.Code == front.CodeInternal {
		f.Code = front.CodeKey
		f.Detail = "cannot read a key from " + name + ": " + strings.TrimPrefix(strings.TrimPrefix(f.Detail, "reading a private key: "), "looking for a private key: ")
		f.Fix = "see what it is: certwright inspect " + file
	}
	return &f
}

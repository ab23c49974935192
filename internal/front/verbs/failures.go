package verbs

import (
	"fmt"

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

func nameOf(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// keyFailure says that a key file cannot be used, and why.
func keyFailure(file string, err error) error {
	if err == nil {
		return nil
	}
	f := *explain(err)
	if f.Code == front.CodeInternal {
		f.Code = front.CodeKey
		f.Detail = fmt.Sprintf("cannot read a key from %s: %s", nameOf(file), f.Detail)
	}
	return &f
}

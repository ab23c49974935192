package verbs

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

// caseFile is a file of fixtures: a profile, a time, and cases.
type caseFile struct {
	name     string
	fixtures *issuance.Fixtures
	broken   error // why there are none
}

// caseFiles reads the files of a folder that hold cases. The other YAML files
// in it are profiles.
func caseFiles(folder string) ([]caseFile, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []caseFile
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(text, []byte("cases:")) && !bytes.Contains(text, []byte("\ncases:")) {
			continue
		}
		fixtures, err := issuance.ParseFixtures(text)
		if err != nil {
			err = config.FaultOf(name, err, "see: certwright profile test --help")
		}
		out = append(out, caseFile{name, fixtures, err})
	}
	return out, nil
}

// runCases judges the cases of a file by its profile.
func (p *program) runCases(f caseFile, find func(string) (*issuance.Profile, error)) ([]fixtureJSON, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	folder := filepath.Dir(f.name)
	profile, err := profileOfCases(folder, f.fixtures.Profile, find)
	if err != nil {
		return nil, inFile(f.name, err)
	}
	issuer, err := issuerOfCases(folder, f.fixtures)
	if err != nil {
		return nil, inFile(f.name, err)
	}
	var told []fixtureJSON
	results := f.fixtures.Run(profile, issuer, func(file string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, file)) })
	for i, r := range results {
		told = append(told, fixtureJSON{Name: r.Name, Request: f.fixtures.Cases[i].Request, Passed: len(r.Failures) == 0, Verdict: string(r.Judgement.Verdict()),
			Profile: profile.Name, Problems: append([]string{}, r.Failures...), Findings: r.Judgement.Findings()})
	}
	return told, nil
}

func profileOfCases(folder, name string, find func(string) (*issuance.Profile, error)) (*issuance.Profile, error) {
	if filepath.Ext(name) != ".yaml" {
		return find(name)
	}
	file := filepath.Join(folder, name)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return config.ReadProfile(file, text)
}

func issuerOfCases(folder string, f *issuance.Fixtures) (*issuance.Issuer, error) {
	if f.Issuer == "" {
		return issuance.TestIssuer(f.Now)
	}
	data, err := os.ReadFile(filepath.Join(folder, f.Issuer))
	if err != nil {
		return nil, err
	}
	found, err := task.ParseCertificates(data)
	if err != nil {
		return nil, inFile(f.Issuer, err)
	}
	if len(found) == 0 {
		return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there is no certificate in " + f.Issuer, Fix: "name the file of an authority's certificate, or leave issuer out"}
	}
	return issuance.NewIssuer(issuance.IssuerConfig{Certificate: found[0]})
}

// hasCase reports whether a case is about a request file.
func hasCase(files []caseFile, request string) bool {
	return slices.ContainsFunc(files, func(f caseFile) bool {
		return f.broken == nil && slices.ContainsFunc(f.fixtures.Cases, func(c issuance.Fixture) bool {
			return filepath.Join(filepath.Dir(f.name), c.Request) == filepath.Clean(request)
		})
	})
}

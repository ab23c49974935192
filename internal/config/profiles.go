package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Profiles finds profiles by name: those in the home's folder first, then the
// built-in ones. Each is read once. It is safe for concurrent use.
type Profiles struct {
	home  Home
	mutex sync.Mutex
	read  map[string]*issuance.Profile
	whole bool // Reload has read them all: files that changed since are not looked at
}

// NewProfiles returns the profiles of a home.
func NewProfiles(h Home) *Profiles {
	return &Profiles{home: h, read: map[string]*issuance.Profile{}}
}

// ProfileEntry says where a profile comes from.
type ProfileEntry struct {
	Name   string
	Source string // "built in", or the file
}

// Get returns the profile of this name. One that does not exist is a
// *request.Refusal (UnknownProfile); a broken file is a *Fault.
func (p *Profiles) Get(name string) (*issuance.Profile, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, ok := p.read[name]; ok {
		return known, nil
	}
	if p.whole {
		return nil, p.unknown(name)
	}
	profile, err := p.load(name)
	if err != nil {
		return nil, err
	}
	p.read[name] = profile
	return profile, nil
}

// Reload reads every profile anew, and uses them all from now on: files that
// change later wait for the next Reload. Where one is broken, it says so and
// nothing changes.
func (p *Profiles) Reload() error {
	read := map[string]*issuance.Profile{}
	for _, e := range p.List() {
		profile, err := p.load(e.Name)
		if err != nil {
			return err
		}
		read[e.Name] = profile
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.read, p.whole = read, true
	return nil
}

func (p *Profiles) load(name string) (*issuance.Profile, error) {
	if name != "" && name == filepath.Base(name) && !strings.HasPrefix(name, ".") {
		text, err := p.text(name)
		if err == nil {
			return ReadProfile(p.fileOf(name), text)
		}
		if !missing(err) {
			return nil, fmt.Errorf("reading the profile %s: %w", name, err)
		}
	}
	if builtIn, ok := issuance.BuiltInProfile(name); ok {
		return builtIn, nil
	}
	return nil, p.unknown(name)
}

func (p *Profiles) fileOf(name string) string { return filepath.Join(p.home.Profiles(), name+".yaml") }

func (p *Profiles) text(name string) ([]byte, error) { return os.ReadFile(p.fileOf(name)) }

func (p *Profiles) unknown(name string) error {
	var names []string
	for _, e := range p.List() {
		names = append(names, e.Name)
	}
	fix := "the profiles are " + strings.Join(names, ", ")
	if near := spelling.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %q? See: certwright profile list", near)
	}
	return &request.Refusal{Reason: request.UnknownProfile, Field: "profile", Detail: fmt.Sprintf("there is no profile %q", name), Fix: fix}
}

// List returns every profile there is, by name.
func (p *Profiles) List() []ProfileEntry {
	var out []ProfileEntry
	own := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(p.home.Profiles(), "*.yaml"))
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		own[name] = true
		out = append(out, ProfileEntry{name, f})
	}
	for _, name := range issuance.BuiltInNames() {
		if !own[name] {
			out = append(out, ProfileEntry{name, "built in"})
		}
	}
	slices.SortFunc(out, func(a, b ProfileEntry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Source says where the profile of this name comes from: "built in", or its
// file.
func (p *Profiles) Source(name string) string {
	for _, e := range p.List() {
		if e.Name == name {
			return e.Source
		}
	}
	return ""
}

// ReadProfile parses the text of a profile file, whose name must be the
// profile's, and names the file in what is wrong with it.
func ReadProfile(file string, text []byte) (*issuance.Profile, error) {
	profile, err := issuance.ParseProfile(text)
	if err != nil {
		var refusal *request.Refusal
		if errors.As(err, &refusal) {
			return nil, &Fault{File: file, Detail: refusal.Detail, Fix: refusal.Fix}
		}
		return nil, FaultOf(file, err, "see the built-in ones: certwright profile show server")
	}
	if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); profile.Name != want && filepath.Ext(file) == ".yaml" {
		return nil, &Fault{File: file, Detail: fmt.Sprintf("the profile in this file calls itself %q", profile.Name), Fix: fmt.Sprintf("give profile and file the same name: %s.yaml", profile.Name)}
	}
	return profile, nil
}

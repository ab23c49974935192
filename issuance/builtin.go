package issuance

import (
	"embed"
	"fmt"
)

//go:embed profiles/*.yaml
var profileFiles embed.FS

// BuiltInNames returns the names of the profiles that come with the program.
func BuiltInNames() []string {
	return []string{"server", "client", "device", "person", "organization", "code", "ocsp", "cmp", "subca", "timestamp", "web", "root"}
}

// BuiltInText returns the YAML of a profile that comes with the program.
func BuiltInText(name string) ([]byte, bool) {
	text, err := profileFiles.ReadFile("profiles/" + name + ".yaml")
	return text, err == nil
}

// BuiltInProfile reads one of the profiles that come with the program. Each
// call reads it anew; keep it.
func BuiltInProfile(name string) (*Profile, bool) {
	text, ok := BuiltInText(name)
	if !ok {
		return nil, false
	}
	p, err := ParseProfile(text)
	if err != nil {
		// The text is part of the program, and read by its tests.
		panic(fmt.Sprintf("the built-in profile %s is wrong: %v", name, err))
	}
	return p, true
}

// BuiltIn returns the profiles that come with the program: server, client,
// device, person, organization, code, ocsp, cmp, subca, timestamp, web, root. Each
// call reads them anew; who needs one uses BuiltInProfile.
func BuiltIn() []*Profile {
	names := BuiltInNames()
	out := make([]*Profile, 0, len(names))
	for _, name := range names {
		p, _ := BuiltInProfile(name)
		out = append(out, p)
	}
	return out
}

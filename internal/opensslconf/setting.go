package opensslconf

import (
	"fmt"
	"math"
)

// SettingError is a name of a section whose value cannot be used.
type SettingError struct {
	Section string
	Name    string
	Value   string // empty where the name is missing
	Missing bool
	Detail  string
}

// Error says which setting it is, and what it should be.
func (e *SettingError) Error() string {
	if e.Missing {
		return fmt.Sprintf("the configuration has no %s in section %s", e.Name, e.Section)
	}
	switch {
	case e.Name == "":
		return fmt.Sprintf("section %s: %s", e.Section, e.Detail)
	case e.Value == "":
		return fmt.Sprintf("%s in section %s: %s", e.Name, e.Section, e.Detail)
	}
	return fmt.Sprintf("%s = %s in section %s: %s", e.Name, clip(e.Value), e.Section, e.Detail)
}

// text returns a value, empty where there is none; like Value it falls back to
// the default section.
func (f *File) text(section, name string) string {
	v, _ := f.Value(section, name)
	return v
}

// Number returns the number that a value begins with: 0 where it begins with
// none, false where there is no value or the number is above 2^63-1.
func (f *File) Number(section, name string) (int64, bool) {
	text, ok := f.Value(section, name)
	if !ok {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		d := int64(text[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// stringMask reads string_mask; without it, mask stays as it is.
func (f *File) stringMask(section string, mask *StringMask) error {
	text, ok := f.Value(section, "string_mask")
	if !ok {
		return nil
	}
	m, err := ParseStringMask(text)
	if err != nil {
		return &SettingError{Section: section, Name: "string_mask", Value: text, Detail: err.Error()}
	}
	*mask = m
	return nil
}

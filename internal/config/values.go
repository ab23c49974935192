package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written as 90d, 12h, 30s or 1h30m.
type Duration time.Duration

// ParseDuration reads a length of time, which is not negative.
func ParseDuration(text string) (Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil {
			return Duration(time.Duration(n) * 24 * time.Hour), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a length of time, such as 30s, 12h or 90d", text)
	}
	return Duration(d), nil
}

// String writes days where it is a number of them.
func (d Duration) String() string {
	t := time.Duration(d)
	if day := 24 * time.Hour; t != 0 && t%day == 0 {
		return fmt.Sprintf("%dd", t/day)
	}
	text := t.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Size is a number of octets, written as 512, 64KiB or 1MiB.
type Size int64

// ParseSize reads a number of octets.
func ParseSize(text string) (Size, error) {
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 32); err == nil {
			return Size(n) << unit.shift, nil
		}
		break
	}
	return 0, fmt.Errorf("%q is not a size, such as 64KiB or 1MiB", text)
}

// String writes the largest unit that fits.
func (s Size) String() string {
	for _, unit := range units {
		if s != 0 && s%(1<<unit.shift) == 0 {
			return strconv.FormatInt(int64(s>>unit.shift), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

var units = []struct {
	name  string
	shift uint
}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"", 0}}

// ParseNetwork reads ADDRESS/BITS, or ADDRESS for that one alone.
func ParseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q is neither an address nor a network", text)
	}
	return p.Masked(), nil
}

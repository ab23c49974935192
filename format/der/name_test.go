package der

import "testing"

// TestTagsThatAreMarkedWrongly tells them from those that are marked as they should be.
func TestTagsThatAreMarkedWrongly(t *testing.T) {
	for tag, want := range map[Tag]string{Sequence: "SEQUENCE", 0x10: "primitive SEQUENCE", 0x11: "primitive SET", 0x24: "constructed OCTET STRING", OctetString: "OCTET STRING"} {
		if got := tag.String(); got != want {
			t.Errorf("%#x is called %q, want %q", uint8(tag), got, want)
		}
	}
}

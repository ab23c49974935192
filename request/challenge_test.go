package request_test

import (
	"testing"

	"github.com/certwright/certwright/request"
)

func TestChallengeWeakness(t *testing.T) {
	for password, want := range map[string]string{
		"": "it has fewer than 8 characters", "1733": "it has fewer than 8 characters", "grüß mi": "it has fewer than 8 characters", "83749264019": "it has digits alone, and fewer than 12",
		"abcdabcdabcd": "it has fewer than 5 different characters", "837492640195": "", "key-holder": "", "correct horse": "",
	} {
		if got := request.ChallengeWeakness(password); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
}

package verbs

import "testing"

func TestDetailText(t *testing.T) {
	const digest = "39cb4de1d72a4b0869fc8b9492c10c0bf6e6e753a8237cf47607dcec363bdd75"
	for detail, want := range map[string]string{
		`{}`: ``, `[1]`: `[1]`, `{"a":`: `{"a":`, ``: ``,
		`{"ca":"issuing","entries":1}`:          `ca issuing, entries 1`,
		`{"text":"For sales.","reason":""}`:     `text "For sales.", reason ""`,
		`{"text":"a\u001b[2Jb"}`:                `text "a\x1b[2Jb"`,
		`{"request":"` + digest + `"}`:          `request 39cb4de1d72a4b08…`,
		`{"rules":["hold review"],"ok":true}`:   `rules ["hold review"], ok true`,
		`{"settings":{"crlValidity":"7 days"}}`: `settings {"crlValidity":"7 days"}`,
	} {
		if got := detailText([]byte(detail)); got != want {
			t.Errorf("%s: got %s, want %s", detail, got, want)
		}
	}
}

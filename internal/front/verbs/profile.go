package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func (p *program) profileCommand() *cobra.Command {
	return group("profile", "Show, check and test profiles",
		`Show the profiles that requests are judged by, check the text of one, and test them.

Profiles of your own are files NAME.yaml in the folder "profiles" of the home; one with the
name of a built-in profile takes its place.`,
		p.profileListCommand(), p.profileShowCommand(), p.profileCheckCommand(), p.profileTestCommand())
}

// profileJSON is how a profile is told.
type profileJSON struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Source   string `json:"source"` // "built in", or the file
	IssuesCA bool   `json:"issuesCA"`
	Error    string `json:"error,omitempty"` // what is wrong with its file
	Text     string `json:"text,omitempty"`
}

// profiles is the desk that profiles are asked for at: those of the home are
// there before an authority is.
func (p *program) profiles() (task.Authorities, error) {
	if p.server.url != "" {
		o, err := p.openServer()
		if err != nil {
			return nil, err
		}
		return o.Desk(), nil
	}
	h, err := p.home()
	return (&task.Office{Profiles: config.NewProfiles(h)}).Desk(), err
}

func (p *program) profileListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the profiles", Args: nothing, Example: "certwright profile list",
		RunE: func(c *cobra.Command, _ []string) error {
			desk, err := p.profiles()
			if err != nil {
				return err
			}
			entries, err := desk.Profiles(c.Context())
			if err != nil {
				return err
			}
			told := []profileJSON{}
			for _, e := range entries {
				one := profileJSON{Name: e.Name, Source: e.Source}
				if got, err := desk.Profile(c.Context(), e.Name); err != nil {
					one.Error = explain(err).Detail
				} else {
					one.Version, one.IssuesCA = got.Version, got.IssuesCA()
				}
				told = append(told, one)
			}
			if p.shell.JSON {
				return p.shell.Object(told)
			}
			w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tVERSION\tSOURCE")
			for _, t := range told {
				fmt.Fprintf(w, "%s\t%s\t%s\n", t.Name, orDash(t.Version), t.Source)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			for _, t := range told {
				if t.Error != "" {
					p.shell.Warn("%s", t.Error)
				}
			}
			return nil
		},
	}
}

func (p *program) profileShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show the text of a profile", Args: takes(1, 1, "the name of a profile"),
		Long:    "Show the text of a profile: a good start for one of your own.",
		Example: "certwright profile show server > profiles/intranet.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			desk, err := p.profiles()
			if err != nil {
				return err
			}
			got, err := desk.Profile(c.Context(), args[0])
			if err != nil {
				return err
			}
			if p.shell.JSON {
				source, err := sourceOfProfile(c.Context(), desk, got.Name)
				if err != nil {
					return err
				}
				return p.shell.Object(profileJSON{Name: got.Name, Version: got.Version, Source: source, IssuesCA: got.IssuesCA(), Text: string(got.Text())})
			}
			_, err = p.shell.Out.Write(got.Text())
			return err
		},
	}
}

// sourceOfProfile says where a profile comes from.
func sourceOfProfile(ctx context.Context, desk task.Authorities, name string) (string, error) {
	all, err := desk.Profiles(ctx)
	for _, e := range all {
		if e.Name == name {
			return e.Source, err
		}
	}
	return "", err
}

func (p *program) profileCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE…", Short: "Check the text of profiles", Args: takes(1, -1, "profile files"),
		Long:    "Check profile files: a mistake is told with its line and, where there is one, the word that was meant.",
		Example: "certwright profile check intranet.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			var failed error
			told := []profileJSON{}
			for _, file := range args {
				text, err := p.shell.Read(file)
				if err != nil {
					return err
				}
				got, err := config.ReadProfile(file, text)
				if err != nil {
					f := explain(err)
					told = append(told, profileJSON{Source: file, Error: f.Detail})
					p.shell.TellLines("error", f)
					failed = front.No(front.CodeInvalid)
					continue
				}
				told = append(told, profileJSON{Name: got.Name, Version: got.Version, Source: file, IssuesCA: got.IssuesCA()})
				if !p.shell.JSON {
					p.shell.Print("%s: the profile %s, version %s, is well formed", file, got.Name, got.Version)
				}
			}
			if p.shell.JSON {
				if err := p.shell.Object(told); err != nil {
					return err
				}
			}
			return failed
		},
	}
}

func (p *program) profileTestCommand() *cobra.Command {
	var profile string
	c := &cobra.Command{
		Use: "test DIR", Short: "Test profiles with requests and what is expected of them", Args: takes(1, 1, "one folder of fixtures"),
		Long: `Judge every request of a folder, and compare with what is expected of it. For X.csr the file
X.expect says so, in YAML, of which only the verdict is needed:

  verdict: refused          # accepted, held or refused
  profile: server           # where it is not the one of --profile
  findings: [possession]    # rules that must have something to say
  absent: [key]             # rules that must have nothing to say
  dropped: [extension.keyUsage]
  days: 30                  # validity to ask for

A YAML file with a list of "cases" holds several at once, with a time, an issuer, and the
evidence there is. Every other NAME.yaml in the folder is a profile, and is used before the home's
and the built-in ones. The last line is "N passed, N failed", and the exit code 1 where one failed.`,
		Example: "certwright profile test policy/ --profile intranet",
		RunE:    func(c *cobra.Command, args []string) error { return p.profileTest(c.Context(), args[0], profile) },
	}
	c.Flags().StringVar(&profile, "profile", "server", "profile that is tested")
	return c
}

// fixtureJSON is how a fixture came out.
type fixtureJSON struct {
	Name     string             `json:"name,omitempty"` // of a case
	Request  string             `json:"request"`
	Passed   bool               `json:"passed"`
	Verdict  string             `json:"verdict"`
	Profile  string             `json:"profile"`
	Problems []string           `json:"problems"`
	Findings []issuance.Finding `json:"findings"`
}

func (p *program) profileTest(ctx context.Context, folder, profile string) error {
	desk, err := p.profiles()
	if err != nil {
		return err
	}
	find := profilesOf(folder, func(name string) (*issuance.Profile, error) { return desk.Profile(ctx, name) })
	cases, err := caseFiles(folder)
	if err != nil {
		return err
	}
	told := []fixtureJSON{}
	for _, f := range cases {
		results, err := p.runCases(f, find)
		if err != nil {
			results = []fixtureJSON{brokenFixture(f.name, err)}
		}
		told = append(told, results...)
	}
	fixtures, err := p.fixtures(folder, cases)
	if err != nil {
		return err
	}
	trial, err := task.NewTrial(ctx, find, p.shell.Now())
	if err != nil {
		return err
	}
	for _, f := range fixtures {
		if f.broken != nil {
			told = append(told, brokenFixture(f.Name, f.broken))
			continue
		}
		r, err := task.RunFixture(ctx, trial, f.Fixture, profile)
		if err != nil {
			told = append(told, brokenFixture(f.Name, err))
			continue
		}
		told = append(told, fixtureJSON{Request: r.Name, Passed: len(r.Problems) == 0, Verdict: string(r.Check.Verdict), Profile: r.Check.Profile,
			Problems: append([]string{}, r.Problems...), Findings: r.Check.Findings})
	}
	return p.tellFixtures(told)
}

// brokenFixture is one that cannot be run: it failed, and the others run.
func brokenFixture(file string, err error) fixtureJSON {
	return fixtureJSON{Request: filepath.Base(file), Problems: strings.Split(explain(err).Detail, "\n"), Findings: []issuance.Finding{}}
}

func (p *program) tellFixtures(told []fixtureJSON) error {
	failed := 0
	for _, one := range told {
		if !one.Passed {
			failed++
		}
		if !p.shell.JSON {
			p.printFixture(one)
		}
	}
	if p.shell.JSON {
		if err := p.shell.Object(told); err != nil {
			return err
		}
	} else {
		p.shell.Print("%d passed, %d failed", len(told)-failed, failed)
	}
	if failed > 0 {
		return front.No(front.CodeMismatch)
	}
	return nil
}

func (p *program) printFixture(f fixtureJSON) {
	name := f.Request
	if f.Name != "" && f.Name != f.Request {
		name += ", " + f.Name
	}
	if f.Passed {
		p.shell.Print("ok    %s: %s", name, f.Verdict)
		return
	}
	p.shell.Print("FAIL  %s", name)
	for _, problem := range f.Problems {
		p.shell.Print("        %s", problem)
	}
	for _, one := range f.Findings {
		p.shell.Print("        %s (%s)", findingLine(one), one.Rule)
	}
}

// profilesOf finds profiles in a folder of fixtures before all others.
func profilesOf(folder string, others func(string) (*issuance.Profile, error)) func(string) (*issuance.Profile, error) {
	return func(name string) (*issuance.Profile, error) {
		if name != filepath.Base(name) {
			return others(name)
		}
		file := filepath.Join(folder, name+".yaml")
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return others(name)
		}
		if err != nil {
			return nil, err
		}
		return config.ReadProfile(file, text)
	}
}

// fixtureFile is a fixture, or why there is none.
type fixtureFile struct {
	task.Fixture
	broken error
}

// fixtures reads the requests of a folder that no case is about, each with its
// file of what is expected.
func (p *program) fixtures(folder string, cases []caseFile) ([]fixtureFile, error) {
	files, err := batchFiles([]string{folder + string(filepath.Separator)}, func(string, int) {})
	if err != nil {
		return nil, err
	}
	var out []fixtureFile
	for _, file := range files {
		expect := strings.TrimSuffix(file, filepath.Ext(file)) + ".expect"
		if hasCase(cases, file) && !isFile(expect) {
			continue
		}
		f := fixtureFile{Fixture: task.Fixture{Name: filepath.Base(file)}}
		f.Request, f.Expect, f.broken = p.fixture(file, expect)
		out = append(out, f)
	}
	return out, nil
}

func (p *program) fixture(file, expect string) (*request.Request, task.Expectation, error) {
	requests, err := readRequests(p.shell, file)
	if err != nil {
		return nil, task.Expectation{}, inFile(file, err)
	}
	text, err := p.shell.Read(expect)
	if err != nil {
		return nil, task.Expectation{}, err
	}
	want, err := task.ParseExpectation(text)
	if err != nil {
		return nil, want, fmt.Errorf("%s: %w", expect, err)
	}
	return requests[0], want, nil
}

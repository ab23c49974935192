package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/store/postgrestest"
	"github.com/certwright/certwright/request"
)

// block is a fenced block of a document.
type block struct {
	info  string   // what stands behind the opening fence
	line  int      // of its first line, from 1
	lines []string // its text
}

// TestDocuments runs every block marked "sh" of README.md and docs/*.md, in
// order, with one folder, home and shell a document, and of the others what
// "go run" would do with this program. A block marked "text" that follows one is
// what it prints: its lines must come in that order, others may come between
// them, and "…" stands for anything.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../README.md") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			blocks := commands(blocksOf(read(t, file)))
			trace := run(t, filepath.Base(file), blocks)
			for i, b := range blocks {
				if b.info == "text" && i > 0 && blocks[i-1].info == "sh" {
					compare(t, filepath.Base(file), b, trace.printed(blocks[i-1]))
				}
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocksOf returns the fenced blocks of a document.
func blocksOf(text string) []block {
	var blocks []block
	open := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```") && open:
			open = false
		case strings.HasPrefix(line, "```"):
			open = true
			blocks = append(blocks, block{info: strings.TrimPrefix(line, "```"), line: i + 2})
		case open:
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
		}
	}
	return blocks
}

// commands replaces the blocks that start this program from its source by ones
// that start the program under test.
func commands(blocks []block) []block {
	const start = "go run ./cmd/certwright "
	for i, b := range blocks {
		if b.info == "console" && len(b.lines) == 1 && strings.HasPrefix(b.lines[0], start) {
			blocks[i].info = "sh"
			blocks[i].lines = []string{"certwright " + strings.TrimPrefix(b.lines[0], start)}
		}
	}
	return blocks
}

// marker begins the lines by which the shell tells what it runs.
const marker = "@@ "

var (
	atLine  = regexp.MustCompile(`^@+ : line ([0-9]+)$`)
	heredoc = regexp.MustCompile(`<<-?\s*['"]?(\w+)['"]?`)
	closes  = regexp.MustCompile(`^(\s|[})#]|$|(then|else|elif|fi|do|done|esac)\b)`)
)

// script joins the blocks into one, which names the line of each command
// before it runs it.
func script(blocks []block) string {
	var s strings.Builder
	for _, b := range blocks {
		if b.info != "sh" {
			continue
		}
		until, continued := "", false
		for i, line := range b.lines {
			if until == "" && !continued && !closes.MatchString(line) {
				fmt.Fprintf(&s, ": line %d\n", b.line+i)
			}
			s.WriteString(line + "\n")
			continued = strings.HasSuffix(line, `\`)
			if m := heredoc.FindStringSubmatch(line); m != nil && until == "" {
				until = m[1]
			} else if line == until {
				until = ""
			}
		}
	}
	return s.String()
}

// transcript is what a document's commands printed, by the line of each.
type transcript []struct {
	at   int
	text string
}

// run runs the commands of a document, and fails the test where one of them fails.
func run(t *testing.T, name string, blocks []block) transcript {
	t.Helper()
	home := t.TempDir()
	work := filepath.Join(home, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-eux", "-c", script(blocks))
	shell.Dir = work
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "USER=ann", "LC_ALL=C.UTF-8", "TMPDIR=" + home, "PS4=" + marker}
	if strings.Contains(shell.Args[3], "postgres://") {
		server, err := postgrestest.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Stop()
		shell.Env = append(shell.Env, server.Environ()...)
	}
	output, err := runAll(shell, filepath.Join(home, "output"))
	var told transcript
	at := 0
	for line := range strings.SplitSeq(string(output), "\n") {
		if m := atLine.FindStringSubmatch(line); m != nil {
			fmt.Sscan(m[1], &at)
		} else if !strings.HasPrefix(line, marker) {
			told = append(told, struct {
				at   int
				text string
			}{at, line})
		}
	}
	if err != nil {
		var last []string
		for _, l := range told {
			if l.at == at {
				last = append(last, l.text)
			}
		}
		t.Fatalf("%s:%d: %v\n%s", name, at, err, strings.Join(last, "\n"))
	}
	return told
}

// runAll runs a shell and ends what it has left in the background. Both streams
// go to a file, which such a process cannot hold open as it would a pipe.
func runAll(shell *exec.Cmd, name string) ([]byte, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	shell.Stdout, shell.Stderr = file, file
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = shell.Run()
	if shell.Process != nil {
		_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL)
	}
	output, reading := os.ReadFile(name)
	return output, errors.Join(err, reading)
}

// printed returns the lines that the commands of a block printed.
func (t transcript) printed(b block) []string {
	var lines []string
	for _, l := range t {
		if b.line <= l.at && l.at < b.line+len(b.lines) {
			lines = append(lines, l.text)
		}
	}
	return lines
}

// compare holds what a document shows against what was printed.
func compare(t *testing.T, name string, shown block, printed []string) {
	t.Helper()
	rest := printed
	for i, line := range shown.lines {
		if strings.TrimSpace(line) == "…" {
			continue
		}
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), "…", ".*") + `\s*$`)
		for len(rest) > 0 && !pattern.MatchString(rest[0]) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Fatalf("%s:%d: not printed (any more): %s\nprinted is:\n%s", name, shown.line+i, line, strings.Join(printed, "\n"))
		}
		rest = rest[1:]
	}
}

// TestEveryReasonIsExplained holds the page on errors against the reasons and
// codes there are.
func TestEveryReasonIsExplained(t *testing.T) {
	page := read(t, "../../docs/errors.md")
	for _, reason := range request.Reasons() {
		if !strings.Contains(page, "\n| `"+string(reason)+"` |") {
			t.Errorf("docs/errors.md does not explain the reason %s", reason)
		}
	}
	for _, code := range front.Codes() {
		if !strings.Contains(page, "\n| `"+code+"` |") {
			t.Errorf("docs/errors.md does not explain the code %s", code)
		}
	}
}

var (
	fenced = regexp.MustCompile("(?ms)^```.*?^```$")
	spans  = regexp.MustCompile("`[^`\n]*`")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	header = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notID  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinks checks that relative links in all documents lead to files, and to
// headings, that exist.
func TestLinks(t *testing.T) {
	root := "../.."
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "bin") {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			followLinks(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func followLinks(t *testing.T, file string) {
	t.Helper()
	text := spans.ReplaceAllString(fenced.ReplaceAllString(read(t, file), ""), "``")
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		target, err := url.Parse(m[1])
		if err != nil {
			t.Errorf("%s: the link %s: %v", file, m[1], err)
			continue
		}
		if target.IsAbs() {
			continue
		}
		path := file
		if target.Path != "" {
			path = filepath.Join(filepath.Dir(file), filepath.FromSlash(target.Path))
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the link %s leads nowhere", file, m[1])
			continue
		}
		if target.Fragment != "" && !headings(read(t, path))[target.Fragment] {
			t.Errorf("%s: the link %s leads to no heading", file, m[1])
		}
	}
}

// headings returns the names by which the headings of a document are linked.
func headings(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range header.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		names[strings.ReplaceAll(notID.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return names
}

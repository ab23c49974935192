package verbs

import "github.com/certwright/certwright/internal/front"

// several is the outcome of one thing done to several files: what is wrong
// with one does not stop the others, and the worst is the exit code.
type several struct {
	p     *program
	count int
	worst *front.Failure
}

// failed keeps what is wrong with one file and tells it to people; the failure
// is for the result in JSON. Of a single file it is the error of the command.
func (s *several) failed(err error) (*front.Failure, error) {
	if s.count == 1 {
		return nil, err
	}
	f := explain(err)
	if f.Exit == front.ExitUsage {
		return nil, err // it is the same for all
	}
	if !f.Told {
		s.p.shell.TellLines("error", f)
	}
	s.keep(f)
	return f, nil
}

func (s *several) keep(f *front.Failure) {
	if s.worst == nil || f.Exit > s.worst.Exit {
		s.worst = &front.Failure{Exit: f.Exit, Code: f.Code, Told: true, Detail: f.Detail}
	}
}

// end is the error of the command, all of which has been told.
func (s *several) end() error {
	if s.worst == nil {
		return nil
	}
	return s.worst
}

// failedJSON is what is wrong with one file of several, among their results.
type failedJSON struct {
	File  string         `json:"file"`
	Error *front.Failure `json:"error"`
}

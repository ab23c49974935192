package postgrestest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var errMissing = errors.New("its programs initdb and postgres are not here; install PostgreSQL (on Debian: apt-get install postgresql)")

// programs returns the folder of the server's programs: that of the initdb
// that is found by its name, else the newest of Debian's packages.
func programs() (string, error) {
	if name, err := exec.LookPath("initdb"); err == nil {
		if name, err = filepath.EvalSymlinks(name); err == nil {
			return filepath.Dir(name), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", errMissing
	}
	version := func(name string) int {
		n, _ := strconv.Atoi(strings.Split(name, "/")[4])
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

// giveAway gives a folder to a user who may run the server, which refuses to
// be run by root, and returns what runs a program as that user.
func giveAway(folder string) (as []string, err error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			return nil, err
		}
		return []string{"setpriv", "--reuid", u.Uid, "--regid", u.Gid, "--clear-groups"}, os.Chown(folder, uid, gid)
	}
	return nil, errors.New("root may not run the server, and there is neither a user postgres nor nobody")
}

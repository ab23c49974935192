package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/certwright/certwright/authority"
)

// ErrDamaged is a file that is a database, but not whole.
var ErrDamaged = errors.New("the file is damaged; restore a backup")

var errNotOurs = errors.New("the file is not a database of Certwright; move it away or name another")

// code is the engine's number for what failed, 0 where it is not the
// engine's error.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// explain says in plain words what the engine means, and what to do.
func explain(err error) error {
	said := ""
	switch code(err) & 0xff {
	case 0:
		return err
	case codes.SQLITE_IOERR:
		said = "the disk does not work as it should; check it, and try again"
		if code(err) == codes.SQLITE_IOERR_SHMSIZE {
			return fmt.Errorf("%w: there is no room for the index of the log beside it, 32 KiB or more; make room and try again (%w)", authority.ErrFull, err)
		}
	case codes.SQLITE_NOTADB:
		return errNotOurs
	case codes.SQLITE_CORRUPT:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case codes.SQLITE_FULL:
		return fmt.Errorf("%w; make room and try again (%w)", authority.ErrFull, err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM:
		said = "the file may not be written to; check its owner and mode"
	case codes.SQLITE_CANTOPEN:
		said = "the file cannot be opened; check that it is a file, and its owner and mode"
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		said = "other processes kept the store busy for too long; try again"
	default:
		said = "the database engine did not do as it was told"
	}
	return fmt.Errorf("%s (%w)", said, err)
}

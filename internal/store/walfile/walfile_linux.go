// Package walfile has SQLite write the frames of a transaction to its
// write-ahead log in one go, and not each page and each header alone.
package walfile

import (
	"errors"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	engine "modernc.org/sqlite/lib"
)

// name of the engine's way to files that this package adds to its own.
const name = "certwright-wal"

const (
	logHeader  = 32        // octets before the first frame
	headerSize = 24        // of a frame
	capacity   = 1<<17 - 1 // octets that are held back at most: of more the engine does not write all
	writeLock  = 0         // place, among the engine's locks, of the one that a writing transaction holds
)

// extra follows what the engine's own way to files keeps of an open file.
type extra struct {
	own     uintptr                    // its methods
	methods engine.Tsqlite3_io_methods // the same, but for those of this package
	log     uintptr                    // of a database: its log, 0 where none is open
	main    uintptr                    // of a log: its database
	held    uintptr                    // of a log: capacity octets, 0 until the first is written
	at      int64                      // where in the log they belong
	n       int64                      // how many there are
	next    int32                      // octets of the page whose header came last
	last    bool                       // that page is the last of a transaction
	named   bool                       // the log's name is durable
}

// Register makes the way to files known, for connections with vfs=NAME, and
// returns its name. What is there already stays.
func Register() (string, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := engine.Xsqlite3_initialize(tls); rc != engine.SQLITE_OK {
		return "", errors.New("the engine does not start")
	}
	mutex := engine.Xsqlite3_mutex_alloc(tls, engine.SQLITE_MUTEX_STATIC_APP1)
	engine.Xsqlite3_mutex_enter(tls, mutex)
	defer engine.Xsqlite3_mutex_leave(tls, mutex)
	called, err := libc.CString(name)
	if err != nil {
		return "", err
	}
	if engine.Xsqlite3_vfs_find(tls, called) != 0 {
		libc.Xfree(tls, called)
		return name, nil
	}
	plain := engine.Xsqlite3_vfs_find(tls, 0)
	mine := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(engine.Tsqlite3_vfs{})))
	if plain == 0 || mine == 0 {
		return "", errors.New("the engine has no way to files")
	}
	vfs := at[engine.Tsqlite3_vfs](mine)
	*vfs = *at[engine.Tsqlite3_vfs](plain)
	vfs.FzName = called
	vfs.FszOsFile = (vfs.FszOsFile+7)&^7 + int32(unsafe.Sizeof(extra{}))
	vfs.FxOpen = function(open)
	if rc := engine.Xsqlite3_vfs_register(tls, mine, 0); rc != engine.SQLITE_OK {
		return "", errors.New("the engine takes no other way to files")
	}
	return name, nil
}

// at is what an address of the engine's memory holds.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function is a Go function as the engine calls it.
func function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// call is a function of the engine as Go calls it.
func call[F any](f uintptr) F { return *(*F)(unsafe.Pointer(&f)) }

// of returns what this package keeps of an open file.
func of(file uintptr) *extra {
	vfs := at[engine.Tsqlite3_vfs](at[engine.TunixFile](file).FpVfs)
	return at[extra](file + uintptr(vfs.FszOsFile) - unsafe.Sizeof(extra{}))
}

func (x *extra) methodsOf() *engine.Tsqlite3_io_methods { return at[engine.Tsqlite3_io_methods](x.own) }

func open(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	plain := at[engine.Tsqlite3_vfs](engine.Xsqlite3_vfs_find(tls, 0))
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](plain.FxOpen)(tls, vfs, path, file, flags, outFlags)
	if rc != engine.SQLITE_OK || flags&(engine.SQLITE_OPEN_MAIN_DB|engine.SQLITE_OPEN_WAL) == 0 {
		return rc
	}
	x := of(file)
	methods := &at[engine.Tsqlite3_file](file).FpMethods
	*x = extra{own: *methods, methods: *at[engine.Tsqlite3_io_methods](*methods)}
	if flags&engine.SQLITE_OPEN_WAL == 0 {
		x.methods.FxShmLock = function(shmLock)
	} else {
		x.main = engine.Xsqlite3_database_file_object(tls, path)
		of(x.main).log = file
		x.methods.FxClose, x.methods.FxRead, x.methods.FxWrite = function(closeLog), function(read), function(write)
		x.methods.FxTruncate, x.methods.FxSync, x.methods.FxFileSize = function(truncate), function(sync), function(fileSize)
	}
	*methods = uintptr(unsafe.Pointer(&x.methods))
	return rc
}

// shmLock forgets, when a writing transaction ends, what it left behind: one
// that was committed leaves nothing.
func shmLock(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	x := of(file)
	if flags&engine.SQLITE_SHM_UNLOCK != 0 && flags&engine.SQLITE_SHM_EXCLUSIVE != 0 && offset == writeLock && x.log != 0 {
		of(x.log).forget()
	}
	return call[func(*libc.TLS, uintptr, int32, int32, int32) int32](x.methodsOf().FxShmLock)(tls, file, offset, n, flags)
}

func (x *extra) forget() { x.n, x.next, x.last = 0, 0, false }

// write holds back the header of a frame, and the page after it if more of the
// transaction is to come.
func write(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	x := of(file)
	header, page := n == headerSize && offset >= logHeader, x.next == headerSize && offset == x.at+x.n
	if !header && !page || x.n+int64(n) > capacity || x.n > 0 && offset != x.at+x.n {
		if rc := x.flush(tls, file); rc != engine.SQLITE_OK {
			return rc
		}
	}
	if !header && !page || !x.ready(tls) {
		return x.through(tls, file, data, n, offset)
	}
	if x.n == 0 {
		x.at = offset
	}
	libc.Xmemcpy(tls, x.held+uintptr(x.n), data, libc.Tsize_t(n))
	x.n += int64(n)
	if header {
		x.next, x.last = headerSize, *at[uint32](data + 4) != 0
		return engine.SQLITE_OK
	}
	x.next = 0
	if x.last {
		return x.flush(tls, file)
	}
	return engine.SQLITE_OK
}

func (x *extra) ready(tls *libc.TLS) bool {
	if x.held == 0 {
		x.held = libc.Xmalloc(tls, capacity)
	}
	return x.held != 0
}

func (x *extra) through(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](x.methodsOf().FxWrite)(tls, file, data, n, offset)
}

// flush writes what is held back. If that does not succeed, the transaction it
// belongs to does not.
func (x *extra) flush(tls *libc.TLS, file uintptr) int32 {
	n := int32(x.n)
	x.forget()
	if n == 0 {
		return engine.SQLITE_OK
	}
	return x.through(tls, file, x.held, n, x.at)
}

func read(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	x := of(file)
	if rc := x.flush(tls, file); rc != engine.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](x.methodsOf().FxRead)(tls, file, data, n, offset)
}

func truncate(tls *libc.TLS, file uintptr, size int64) int32 {
	x := of(file)
	if rc := x.flush(tls, file); rc != engine.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, int64) int32](x.methodsOf().FxTruncate)(tls, file, size)
}

func fileSize(tls *libc.TLS, file, size uintptr) int32 {
	x := of(file)
	if rc := x.flush(tls, file); rc != engine.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, uintptr) int32](x.methodsOf().FxFileSize)(tls, file, size)
}

// sync makes durable what was written, and at first the name of the log too.
// When the log was last changed is not worth waiting for.
func sync(tls *libc.TLS, file uintptr, flags int32) int32 {
	x := of(file)
	if rc := x.flush(tls, file); rc != engine.SQLITE_OK {
		return rc
	}
	if x.named {
		if syscall.Fdatasync(int(at[engine.TunixFile](file).Fh)) == nil {
			return engine.SQLITE_OK
		}
		return engine.SQLITE_IOERR_FSYNC
	}
	rc := call[func(*libc.TLS, uintptr, int32) int32](x.methodsOf().FxSync)(tls, file, flags)
	x.named = rc == engine.SQLITE_OK
	return rc
}

func closeLog(tls *libc.TLS, file uintptr) int32 {
	x := of(file)
	of(x.main).log = 0
	libc.Xfree(tls, x.held)
	x.held = 0
	return call[func(*libc.TLS, uintptr) int32](x.methodsOf().FxClose)(tls, file)
}

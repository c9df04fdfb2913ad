//go:build !unix

package atomicfile

import (
	"errors"
	"os"
)

// lock does not work here, so that no file is taken for that of a dead process.
func lock(*os.File) error { return errors.ErrUnsupported }

// removable reports whether the name of an open file can be removed.
const removable = false

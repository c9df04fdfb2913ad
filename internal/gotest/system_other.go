//go:build !linux

package gotest

import (
	"os"

	"github.com/reprise-go/reprise/gort"
)

// These functions are not called, because gort supports only Linux.

func lockFile(*os.File) (bool, error) { return false, gort.ErrUnsupported }

func unlockFile(*os.File) error { return gort.ErrUnsupported }

func become(string, []string, []string) error { return gort.ErrUnsupported }

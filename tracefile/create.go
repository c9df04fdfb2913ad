package tracefile

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/atomicfile"
)

// Create returns a Writer to the file path. When it returns, metadata and identity are on the disk. An existing
// file is replaced, not overwritten: at any moment the name refers to the old file or to a new one with a complete
// start. An existing file keeps its permissions; a symbolic link stays, and its target is replaced. Anything that
// is not a regular file, such as a pipe, is written in place. The errors are those of [NewWriter] and of the file
// system.
func Create(path string, md event.Metadata, cfg Config) (*Writer, error) {
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("tracefile: %w", err)
	}
	w, err := NewWriter(file, md, cfg)
	if err == nil {
		w.dest = file
		err = w.syncFile()
	}
	if err == nil && !cfg.Atomic {
		if err = file.Publish(); err != nil {
			err = fmt.Errorf("tracefile: %w", err)
		}
	}
	if err != nil {
		return nil, giveUp(file, err)
	}
	return w, nil
}

// finish closes a file and gives it its final name, unless something failed before, and returns the first error.
func finish(file *atomicfile.File, err error) error {
	if err != nil {
		return giveUp(file, err)
	}
	if err := file.Commit(); err != nil {
		return fmt.Errorf("tracefile: %w", err)
	}
	return nil
}

// giveUp closes a file, removes it if it does not have its final name yet, and adds failures to err.
func giveUp(file *atomicfile.File, err error) error {
	if failed := file.Abort(); failed != nil {
		err = errors.Join(err, fmt.Errorf("tracefile: %w", failed))
	}
	return err
}

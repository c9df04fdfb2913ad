package tracefile

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/atomicfile"
)

// Create returns a Writer to the file path, whose metadata and identity are on the disk when it returns. An existing
// file is replaced, not overwritten: at any moment the name stands for the old file or for a new one that starts whole.
// It keeps its permissions, a symbolic link its place. What is no regular file, such as a pipe, is written to as it is.
// The errors are those of [NewWriter] and of the file system.
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

// finish closes a file and gives it its name, unless something failed before, and returns the first error.
func finish(file *atomicfile.File, err error) error {
	if err != nil {
		return giveUp(file, err)
	}
	if err := file.Commit(); err != nil {
		return fmt.Errorf("tracefile: %w", err)
	}
	return nil
}

// giveUp closes a file, removes it if it has no name yet, and adds what fails to err.
func giveUp(file *atomicfile.File, err error) error {
	if failed := file.Abort(); failed != nil {
		err = errors.Join(err, fmt.Errorf("tracefile: %w", failed))
	}
	return err
}

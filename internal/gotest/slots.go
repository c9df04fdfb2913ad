package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// slots shares the processors between the processes of one "go test", which runs one for each package. A run holds a
// slot, and there are as many slots as processors. Slots are locks on files, so that the slots of a process that has
// died are free. A slots must be used by one goroutine at a time. The zero slots has no limit.
type slots struct {
	queue *os.File // its holder is the next to get a slot
	files []*os.File
}

// retry is the interval between two attempts to get a slot.
const retry = 500 * time.Microsecond

// openSlots returns n slots in a folder; "" means no limit. They must be closed.
func openSlots(dir string, n int) (s *slots, err error) {
	s = &slots{}
	if dir == "" {
		return s, nil
	}
	if s.queue, err = openLock(filepath.Join(dir, "queue")); err != nil {
		return nil, err
	}
	for i := range n {
		f, err := openLock(filepath.Join(dir, fmt.Sprintf("slot-%d", i)))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

func openLock(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }

// close releases the slots and closes the files.
func (s *slots) close() error {
	if s.queue == nil {
		return nil
	}
	err := s.queue.Close()
	for _, f := range s.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// take waits for a slot. Only one process at a time looks for a free slot, and the others wait for their turn, so that
// a process that frees a slot does not get it again while others wait.
func (s *slots) take(ctx context.Context) (release func(), err error) {
	if s.queue == nil {
		return func() {}, ctx.Err()
	}
	if _, err := lockOne(ctx, s.queue); err != nil {
		return nil, err
	}
	f, err := lockOne(ctx, s.files...)
	if err = errors.Join(err, unlockFile(s.queue)); err != nil {
		return nil, err
	}
	return func() { _ = unlockFile(f) }, nil // if that fails, close does it
}

// takeAll waits for all slots, so that no other run takes place.
func (s *slots) takeAll(ctx context.Context) (release func(), err error) {
	if s.queue == nil {
		return func() {}, ctx.Err()
	}
	if _, err := lockOne(ctx, s.queue); err != nil {
		return nil, err
	}
	held := 0
	release = func() {
		for _, f := range s.files[:held] {
			_ = unlockFile(f) // if that fails, close does it
		}
	}
	for _, f := range s.files {
		if _, err = lockOne(ctx, f); err != nil {
			break
		}
		held++
	}
	if err = errors.Join(err, unlockFile(s.queue)); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// lockOne waits until it has locked one of the files.
func lockOne(ctx context.Context, files ...*os.File) (*os.File, error) {
	for {
		for _, f := range files {
			if ok, err := lockFile(f); ok || err != nil {
				return f, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retry):
		}
	}
}

package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// slots let several processes share the processors: the processes of one "go test", each for a package. A run holds a
// slot, of which there are as many as processors. Slots are locks on files, so that those of a process that has died
// are free. It is for one goroutine at a time. The zero slots has no limit.
type slots struct {
	queue *os.File // whoever has it is the next to get a slot
	files []*os.File
}

// retry is how often those that wait look again.
const retry = 500 * time.Microsecond

// openSlots returns n slots in a folder, "" for no limit. They must be closed.
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

// close gives everything back.
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

// take waits for a slot. One at a time looks for a free slot, and the others wait for their turn to look, so that
// whoever gives a slot back does not take it again while somebody waits.
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

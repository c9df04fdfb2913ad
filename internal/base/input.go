package base

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Stdio is the file name that means standard input or output.
const Stdio = "-"

// Input is a trace that is read event by event.
type Input struct {
	*source.Stream
	File *source.File // the file of Stream; nil if the input is not seekable
	Name string       // name for messages
	size int64        // size of the file in bytes, -1 if not yet known
	end  func() error
}

// OpenInput opens a trace file, another named input such as a pipe, or standard input. The error has the exit code of a
// bad input file.
func OpenInput(stdin io.Reader, path string, cfg source.Config) (*Input, error) {
	if path == Stdio {
		return openStream("standard input", stdin, cfg)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		pipe, err := os.Open(path)
		if err != nil {
			return nil, BadInput(err)
		}
		in, err := openStream(path, pipe, cfg)
		if err != nil {
			return nil, errors.Join(err, pipe.Close())
		}
		in.end = func() error { return errors.Join(in.Stream.Close(), pipe.Close()) }
		return in, nil
	}
	f, err := source.Open(path, cfg)
	if err != nil {
		return nil, BadInput(err)
	}
	return &Input{Stream: &f.Stream, File: f, Name: path, size: info.Size(), end: f.Close}, nil
}

func openStream(name string, r io.Reader, cfg source.Config) (*Input, error) {
	in := &Input{Name: name, size: -1}
	var err error
	if in.Stream, err = source.NewReader(r, cfg); err != nil {
		return nil, in.Bad(err)
	}
	in.end = in.Stream.Close
	return in, nil
}

// Cursor returns the trace as a seekable source if possible, and otherwise as a plain one.
func (in *Input) Cursor() source.Source {
	if in.File != nil {
		return in.File
	}
	return in.Stream
}

// Bad adds the exit code to an error of the input, and the name of the input unless the error contains it.
func (in *Input) Bad(err error) error {
	if !strings.HasPrefix(err.Error(), in.Name+": ") {
		err = fmt.Errorf("%s: %w", in.Name, err)
	}
	return BadInput(err)
}

// Each calls f for each remaining event and its index. The error is that of f, or that of the input with its exit code.
func (in *Input) Each(f func(index uint64, e event.Event) error) error {
	for {
		e, err := in.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return in.Bad(err)
		}
		if err := f(in.Pos()-1, e); err != nil {
			return err
		}
	}
}

// Events returns the number of events, if it is known before they are read.
func (in *Input) Events() (uint64, bool) {
	n, known := in.Len()
	return n - in.First(), known
}

// Bytes returns the number of bytes of the input, after it has been read to its end.
func (in *Input) Bytes() int64 {
	if in.File == nil {
		return in.Offset()
	}
	return in.size
}

// Close closes the input. It returns no error, because closing an input cannot lose data.
func (in *Input) Close() { _ = in.end() }

// ErrEnough makes Each end early, without an error.
var ErrEnough = errors.New("enough")

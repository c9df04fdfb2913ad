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

// Stdio is the name that stands for standard input or output.
const Stdio = "-"

// Input is a trace that is read event by event.
type Input struct {
	*source.Stream
	File *source.File // that Stream is of; nil if it cannot be sought
	Name string       // for people
	size int64        // of the file in bytes, -1 if it is not known yet
	end  func() error
}

// OpenInput opens a trace file, what else has a name, such as a pipe, or standard input. The error has the exit code
// of a bad input file.
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

// Cursor returns the trace as what it is: a source that can be sought, or one that cannot.
func (in *Input) Cursor() source.Source {
	if in.File != nil {
		return in.File
	}
	return in.Stream
}

// Bad puts the name before an error of the input, unless it is there, and gives it the exit code.
func (in *Input) Bad(err error) error {
	if !strings.HasPrefix(err.Error(), in.Name+": ") {
		err = fmt.Errorf("%s: %w", in.Name, err)
	}
	return BadInput(err)
}

// Each calls f for the rest of the events, each with its index. The error is that of f, or of the input with its exit
// code.
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

// Events returns how many events there are, if that is known before they are read.
func (in *Input) Events() (uint64, bool) {
	n, known := in.Len()
	return n - in.First(), known
}

// Bytes returns how many bytes the input has, when it has been read to its end.
func (in *Input) Bytes() int64 {
	if in.File == nil {
		return in.Offset()
	}
	return in.size
}

// Close ends the reading. What was only read cannot be lost.
func (in *Input) Close() { _ = in.end() }

// ErrEnough ends each early.
var ErrEnough = errors.New("enough")

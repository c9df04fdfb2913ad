package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// stdio is the name that stands for standard input or output.
const stdio = "-"

// input is a trace that is read event by event.
type input struct {
	*source.Stream
	file *source.File // that Stream is of; nil if it cannot be sought
	name string       // for people
	size int64        // of the file in bytes, -1 if it is not known yet
	end  func() error
}

// openInput opens a trace file, what else has a name, such as a pipe, or standard input. The error has the exit code of a
// bad input file.
func openInput(stdin io.Reader, path string, cfg source.Config) (*input, error) {
	if path == stdio {
		return openStream("standard input", stdin, cfg)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		pipe, err := os.Open(path)
		if err != nil {
			return nil, badInput(err)
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
		return nil, badInput(err)
	}
	return &input{Stream: &f.Stream, file: f, name: path, size: info.Size(), end: f.Close}, nil
}

func openStream(name string, r io.Reader, cfg source.Config) (*input, error) {
	in := &input{name: name, size: -1}
	var err error
	if in.Stream, err = source.NewReader(r, cfg); err != nil {
		return nil, in.bad(err)
	}
	in.end = in.Stream.Close
	return in, nil
}

// cursor returns the trace as what it is: a source that can be sought, or one that cannot.
func (in *input) cursor() source.Source {
	if in.file != nil {
		return in.file
	}
	return in.Stream
}

// bad puts the name before an error of the input, unless it is there, and gives it the exit code.
func (in *input) bad(err error) error {
	if !strings.HasPrefix(err.Error(), in.name+": ") {
		err = fmt.Errorf("%s: %w", in.name, err)
	}
	return badInput(err)
}

// each calls f for the rest of the events, each with its index. The error is that of f, or of the input with its exit code.
func (in *input) each(f func(index uint64, e event.Event) error) error {
	for {
		e, err := in.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return in.bad(err)
		}
		if err := f(in.Pos()-1, e); err != nil {
			return err
		}
	}
}

// events returns how many events there are, if that is known before they are read.
func (in *input) events() (uint64, bool) {
	n, known := in.Len()
	return n - in.First(), known
}

// bytes returns how many bytes the input has, when it has been read to its end.
func (in *input) bytes() int64 {
	if in.file == nil {
		return in.Offset()
	}
	return in.size
}

// close ends the reading. What was only read cannot be lost.
func (in *input) close() { _ = in.end() }

// errEnough ends each early.
var errEnough = errors.New("enough")

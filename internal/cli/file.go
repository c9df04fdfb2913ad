package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// format is a file format for traces.
type format struct {
	extension string
	read      func(io.Reader) (*event.Trace, error)
	write     func(*event.Trace, io.Writer) error
}

// formats are the known ones, by the extension of the file's name.
var formats = []format{
	{".msgpack", event.ReadMsgpack, (*event.Trace).WriteMsgpack},
	{".jsonl", event.ReadJSONL, (*event.Trace).WriteJSONL},
}

// formatOf returns the format of a file by its name.
func formatOf(path string) (format, error) {
	var known []string
	for _, f := range formats {
		if filepath.Ext(path) == f.extension {
			return f, nil
		}
		known = append(known, f.extension)
	}
	return format{}, usage("%s: the format of a trace file is told by its extension, which must be one of %s",
		path, strings.Join(known, ", "))
}

// readTrace reads a trace file.
func readTrace(path string) (*event.Trace, error) {
	f, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, badInput(err)
	}
	defer file.Close()
	t, err := f.read(file)
	if err != nil {
		return nil, badInput(fmt.Errorf("%s: %w", path, err))
	}
	return t, nil
}

// encodeTrace returns the bytes of a trace in the format of path.
func encodeTrace(path string, t *event.Trace) ([]byte, error) {
	f, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := f.write(t, &b); err != nil {
		return nil, failed(fmt.Errorf("%s: %w", path, err))
	}
	return b.Bytes(), nil
}

// writeTrace writes a trace file: under a temporary name in the same folder first, renamed when it is whole.
func writeTrace(path string, t *event.Trace) error {
	b, err := encodeTrace(path, t)
	if err != nil {
		return err
	}
	if err := replaceFile(path, b); err != nil {
		return failed(err)
	}
	return nil
}

// replaceFile puts b into the file path, which has either its old content or all of b at any moment. An existing file
// keeps its permissions, a symbolic link its place. What is no regular file, such as a pipe, is written to as it is.
func replaceFile(path string, b []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return os.WriteFile(path, b, 0)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	tmp, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = tmp.Write(b)
	if info != nil {
		err = errors.Join(err, tmp.Chmod(info.Mode().Perm()))
	}
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// createBeside makes a file of a new name in the folder of path.
func createBeside(path string) (*os.File, error) {
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return f, err
		}
	}
}

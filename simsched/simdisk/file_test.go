package simdisk_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
)

// move is an operation on one of two open files with the same data.
type move struct {
	op      string
	who     int
	at, len int
}

var moves = rapid.SliceOf(rapid.Custom(func(t *rapid.T) move {
	return move{
		rapid.SampledFrom([]string{"read", "write", "seek", "readat", "writeat", "truncate", "sync"}).Draw(t, "op"),
		rapid.IntRange(0, 1).Draw(t, "who"), rapid.IntRange(0, 1300).Draw(t, "at"), rapid.IntRange(0, 700).Draw(t, "len"),
	}
}))

// twoFiles are the open files and what should be in them.
type twoFiles struct {
	files [2]*simdisk.File
	flags [2]simdisk.OpenFlag
	pos   [2]int
	data  []byte
}

func (f *twoFiles) put(b []byte, at int) {
	if len(b) > 0 {
		f.data = append(f.data, make([]byte, max(0, at+len(b)-len(f.data)))...)
		copy(f.data[at:], b)
	}
}

func (f *twoFiles) get(at, n int) []byte { return f.data[min(at, len(f.data)):min(at+n, len(f.data))] }

// read makes a read and checks it; atEnd says when it must be io.EOF.
func (f *twoFiles) read(m move, at int, read func([]byte) (int, error), atEnd func(n int) bool) error {
	want, b := f.get(at, m.len), make([]byte, m.len)
	n, err := read(b)
	if !bytes.Equal(b[:n], want) || (err == io.EOF) != atEnd(n) || err != nil && err != io.EOF {
		return fmt.Errorf("read %d bytes of %d, %v", n, len(want), err)
	}
	return nil
}

func (f *twoFiles) do(m move, fill byte) error {
	file, pos, b := f.files[m.who], &f.pos[m.who], bytes.Repeat([]byte{fill}, m.len)
	appends := f.flags[m.who]&simdisk.OpenAppend != 0
	switch m.op {
	case "read":
		err := f.read(m, *pos, file.Read, func(n int) bool { return n == 0 && m.len > 0 })
		*pos += len(f.get(*pos, m.len))
		return err
	case "readat":
		read := func(b []byte) (int, error) { return file.ReadAt(b, int64(m.at)) }
		return f.read(m, m.at, read, func(n int) bool { return n < m.len })
	case "write":
		if appends {
			*pos = len(f.data)
		}
		f.put(b, *pos)
		*pos += m.len
		_, err := file.Write(b)
		return err
	case "writeat":
		_, err := file.WriteAt(b, int64(m.at))
		if appends && event.IOErrorKindOf(err) == event.IOInvalidInput {
			return nil
		}
		f.put(b, m.at)
		return err
	case "seek":
		*pos = m.at
		_, err := file.Seek(int64(m.at), io.SeekStart)
		return err
	case "truncate":
		f.data = append(bytes.Clone(f.get(0, m.at)), make([]byte, max(0, m.at-len(f.data)))...)
		return file.Truncate(int64(m.at))
	default:
		return file.Sync()
	}
}

// TestDiskFileAgainstBytes drives two open files, one of which may append, against a byte slice.
func TestDiskFileAgainstBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := moves.Draw(t, "moves")
		second := rapid.SampledFrom([]simdisk.OpenFlag{simdisk.OpenWrite, simdisk.OpenAppend}).Draw(t, "second")
		play(t, simsched.Config{Seed: 1}, func(s *simsched.Sim) (err error) {
			d := simdisk.New(s, "d")
			f := twoFiles{flags: [2]simdisk.OpenFlag{simdisk.OpenWrite, second}}
			for i, flag := range f.flags {
				if f.files[i], err = d.OpenFile("f", flag|simdisk.OpenRead|simdisk.OpenCreate, 0o644); err != nil {
					return err
				}
			}
			for i, m := range list {
				err := f.do(m, byte(1+i%100))
				if got, rerr := d.ReadFile("f"); err != nil || rerr != nil || !bytes.Equal(got, f.data) {
					return fmt.Errorf("move %d of %+v: %w, %w, the file holds %s, want %s", i, list, err, rerr,
						runs(string(got)), runs(string(f.data)))
				}
			}
			return nil
		})
	})
}

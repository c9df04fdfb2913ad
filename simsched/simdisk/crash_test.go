package simdisk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
)

// drawStep draws a step that has a chance to succeed: mostly it is about a name that is there.
func drawStep(t *rapid.T, i int, there []string) step {
	somewhere := rapid.SampledFrom([]string{"a", "b", "d", "dd", "d/a", "d/b", "e", "e/a", "e/d"})
	s := step{
		op: rapid.SampledFrom([]string{
			"create", "create", "mkdir", "write", "write", "write", "write", "trunc", "sync", "rename", "rename", "remove",
			"syncdir", "syncdir", "crash", "crash synced",
		}).Draw(t, "op"),
		name: rapid.OneOf(rapid.SampledFrom(there), rapid.SampledFrom(there), somewhere).Draw(t, "name"),
	}
	switch s.op {
	case "create", "mkdir":
		s.name = somewhere.Draw(t, "new")
	case "rename":
		s.to = somewhere.Draw(t, "to")
	case "syncdir":
		s.name = rapid.SampledFrom([]string{".", "d", "e", "dd", "a"}).Draw(t, "dir")
	case "trunc":
		s.at = rapid.SampledFrom([]int{0, 1, 512, 700, 1024, 1500}).Draw(t, "size")
	case "write":
		s.at = rapid.SampledFrom([]int{0, 1, 511, 512, 600, 1024}).Draw(t, "offset")
		s.data = strings.Repeat(string(rune('A'+i%26)), rapid.SampledFrom([]int{1, 2, 512, 513, 700}).Draw(t, "bytes"))
	}
	return s
}

// drawHistory draws steps that end in a crash.
func drawHistory(t *rapid.T) []step {
	history := []step{
		{op: "mkdir", name: "d"}, {op: "mkdir", name: "e"}, {op: "create", name: "a"}, {op: "create", name: "d/a"},
		{op: rapid.SampledFrom([]string{"syncdir", "sync", "create"}).Draw(t, "how"), name: "."},
	}
	r := newRival(nil) // knows what is there, as long as there is no crash
	for i := range rapid.IntRange(5, 30).Draw(t, "steps") {
		if i == 0 {
			for _, s := range history {
				r.do(s)
			}
		} else {
			r.do(history[len(history)-1])
		}
		there := []string{"a", "d/a", "d", "e"}
		for name := range r.live() {
			there = append(there, strings.TrimSuffix(name, "/"))
		}
		slices.Sort(there)
		history = append(history, drawStep(t, i, there))
	}
	return append(history, step{op: "crash"})
}

// TestDiskAgainstRival plays histories with crashes: before a crash the disk is what its rival is, after one it is in a
// state that the rival allows.
func TestDiskAgainstRival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		cfg := simsched.Config{Seed: rapid.Uint64Range(0, 1000).Draw(t, "seed")}
		play(t, cfg, func(s *simsched.Sim) error {
			d, r := simdisk.New(s, "d"), newRival(nil)
			for i, step := range history {
				if err := compare(d, &r, step); err != nil {
					return fmt.Errorf("step %d of %v: %w", i, history, err)
				}
			}
			return nil
		})
	})
}

// compare makes a step on both.
func compare(d *simdisk.Disk, r **rival, s step) error {
	switch s.op {
	case "crash", "crash synced":
		if s.op == "crash" {
			d.Crash()
		} else {
			(*r).loseAll()
			d.CrashSynced()
		}
		state := stateOf(d)
		if !(*r).allows(state) {
			return fmt.Errorf("after the crash the disk holds\n%v\nwhich is not legal", state)
		}
		*r = newRival(state)
	default:
		if did, want := s.do(d), (*r).do(s); did != want {
			return fmt.Errorf("%v succeeded: %v, want %v", s, did, want)
		}
		if got, want := stateOf(d), (*r).live(); !maps.Equal(got, want) {
			return fmt.Errorf("the disk holds\n%v\nwant\n%v", got, want)
		}
	}
	return nil
}

// loseAll drops what is not synced.
func (r *rival) loseAll() {
	r.moments, r.touched = r.moments[:1], r.touched[:1]
	for id, effects := range r.files {
		r.files[id] = slices.DeleteFunc(effects, func(e effect) bool { return !e.synced })
	}
}

// histories are small enough to try every decision. Each says how many states its crash can leave.
var histories = []struct {
	name   string
	states int
	steps  []step
}{
	{"nothing", 1, nil},
	{"a new file", 5, []step{ // none, empty, new, each block alone
		{op: "create", name: "a"}, {op: "write", name: "a", data: long("x", 513)},
	}},
	{"overwritten", 4, []step{
		{op: "create", name: "a"}, {op: "write", name: "a", data: long("x", 1024)}, {op: "sync", name: "a"}, {op: "syncdir",
			name: "."},
		{op: "write", name: "a", at: 256, data: long("y", 512)},
	}},
	{"appended in one block", 4, []step{
		{op: "create", name: "a"}, {op: "syncdir", name: "."},
		{op: "write", name: "a", data: "x"}, {op: "write", name: "a", at: 1, data: "y"}, {op: "write", name: "a", at: 2,
			data: "z"},
	}},
	{"hole", 6, []step{ // the second write cannot be kept without the part of the first in its block
		{op: "create", name: "a"}, {op: "syncdir", name: "."},
		{op: "write", name: "a", data: long("x", 513)}, {op: "write", name: "a", at: 513, data: "y"},
	}},
	{"truncated and written", 5, []step{
		{op: "create", name: "a"}, {op: "write", name: "a", data: long("x", 600)}, {op: "sync", name: "a"}, {op: "syncdir",
			name: "."},
		{op: "trunc", name: "a"}, {op: "write", name: "a", data: long("y", 700)},
	}},
	{"replaced without sync", 8, []step{ // the old name or the new one; whole, empty, each block alone
		{op: "create", name: "a"}, {op: "write", name: "a", data: "old"}, {op: "sync", name: "a"}, {op: "syncdir", name: "."},
		{op: "create", name: "t"}, {op: "syncdir", name: "."}, {op: "write", name: "t", data: long("n", 700)},
		{op: "rename", name: "t", to: "a"},
	}},
	{"directories", 7, []step{
		{op: "mkdir", name: "d"}, {op: "create", name: "d/a"}, {op: "create", name: "b"}, {op: "rename", name: "d", to: "e"},
		{op: "remove", name: "b"}, {op: "rename", name: "e/a", to: "a"},
	}},
	{"synced in the middle", 2, []step{
		{op: "mkdir", name: "d"}, {op: "create", name: "b"}, {op: "create", name: "d/a"}, {op: "rename", name: "d", to: "e"},
		{op: "mkdir", name: "f"}, {op: "syncdir", name: "e"}, {op: "syncdir", name: "f"}, {op: "create", name: "f/x"},
		{op: "syncdir", name: "."}, {op: "syncdir", name: "e"},
	}},
	{"interleaved", 9, []step{ // three states of each of two blocks
		{op: "create", name: "a"}, {op: "syncdir", name: "."},
		{op: "write", name: "a", at: 510, data: "xy"}, {op: "write", name: "a", at: 512, data: "z"},
		{op: "write", name: "a", at: 0, data: "v"}, {op: "write", name: "a", at: 513, data: "w"},
	}},
	{"moved, old directory synced", 1, []step{
		{op: "mkdir", name: "d"}, {op: "mkdir", name: "e"}, {op: "create", name: "d/a"}, {op: "rename", name: "d/a",
			to: "e/a"},
		{op: "sync", name: "d"},
	}},
	{"moved, new directory synced", 2, []step{
		{op: "mkdir", name: "d"}, {op: "mkdir", name: "e"}, {op: "create", name: "d/a"}, {op: "rename", name: "d/a",
			to: "e/a"},
		{op: "create", name: "d/b"}, {op: "syncdir", name: "e"},
	}},
	{"two files", 16, []step{
		{op: "create", name: "a"}, {op: "create", name: "b"}, {op: "syncdir", name: "."},
		{op: "write", name: "b", data: long("x", 600)}, {op: "write", name: "a", data: long("y", 600)},
	}},
}

func long(s string, n int) string { return strings.Repeat(s, n) }

// answering is the Chooser in turns that answers a question for a value.
type answering struct {
	simsched.Chooser
	value uint64
}

func (a answering) Choose(c *simsched.Choice) uint64 {
	if c.Point == simsched.PointValue {
		return a.value
	}
	return a.Chooser.Choose(c)
}

// TestDiskEveryDecision: the decisions leave exactly the legal states, by value and by seed; the value 0 loses nothing.
func TestDiskEveryDecision(t *testing.T) {
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			r := newRival(nil)
			for _, s := range h.steps {
				r.do(s)
			}
			legal := r.afterCrash()
			byValue, bySeed := map[string]bool{}, map[string]bool{}
			for i := range uint64(1000) {
				after := crashed(t, simsched.Config{Chooser: answering{simsched.NewRoundRobin(0), i}}, h.steps)
				if byValue[after] = true; i == 0 && after != r.live().String() {
					t.Errorf("the value 0 leaves\n%s\nwant\n%s", after, r.live())
				}
				bySeed[crashed(t, simsched.Config{Seed: i}, h.steps)] = true
			}
			if !maps.Equal(byValue, legal) || !maps.Equal(bySeed, legal) {
				t.Errorf("after a crash\n by value %q\n  by seed %q\n    legal %q", sorted(byValue), sorted(bySeed), sorted(legal))
			}
			if len(legal) != h.states {
				t.Errorf("%d legal states, want %d: %q", len(legal), h.states, sorted(legal))
			}
		})
	}
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// crashed returns what a crash after some steps leaves.
func crashed(t *testing.T, cfg simsched.Config, steps []step) (after string) {
	t.Helper()
	err := simsched.Run(cfg, func(s *simsched.Sim) error {
		d := simdisk.New(s, "d")
		for _, step := range steps {
			if !step.do(d) {
				return fmt.Errorf("%v failed", step)
			}
		}
		d.Crash()
		after = stateOf(d).String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// save replaces a file the way it is done everywhere, with or without the sync that makes it safe.
func save(d *simdisk.Disk, data []byte, sync bool) error {
	f, err := d.Create("config.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && sync {
		err = f.Sync()
	}
	for _, next := range []func() error{
		func() error { return err },
		f.Close,
		func() error { return d.Rename("config.tmp", "config") },
		func() error { return d.SyncDir(".") },
	} {
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

// TestDiskSave crashes somewhere in a series of saves. With the sync there is always a whole file, and it is not older
// than the last save that ended; without it some seed shows a torn one.
func TestDiskSave(t *testing.T) {
	versions := [][]byte{bytes.Repeat([]byte("0"), 1500), bytes.Repeat([]byte("1"), 1400), bytes.Repeat([]byte("2"), 1600)}
	for _, sync := range []bool{true, false} {
		torn, found := 0, map[int]bool{}
		for seed := range uint64(300) {
			play(t, simsched.Config{Seed: seed}, func(s *simsched.Sim) error {
				d, saved := simdisk.New(s, "d"), -1
				s.Go("saver", func() error {
					for i, v := range versions {
						if err := save(d, v, sync); err != nil {
							if errors.Is(err, fs.ErrClosed) || errors.Is(err, fs.ErrNotExist) {
								return nil // the crash
							}
							return err
						}
						saved = i
					}
					return nil
				})
				for range s.Rand("when").IntN(40) {
					s.Yield()
				}
				last := saved
				d.Crash()
				got, err := d.ReadFile("config")
				version := slices.IndexFunc(versions, func(v []byte) bool { return bytes.Equal(v, got) })
				found[version] = true
				if err == nil && version < 0 || version < last {
					torn++
				}
				return nil
			})
		}
		if (torn > 0) == sync {
			t.Errorf("sync %v: %d of 300 seeds show a file that is torn or too old", sync, torn)
		}
		if sync && len(found) != 4 {
			t.Errorf("the crashes left the versions %v, want each of three and none", found)
		}
	}
}

// TestDiskLog: records appended and synced one by one survive, whatever happens to the one on its way.
func TestDiskLog(t *testing.T) {
	lengths := map[int]bool{}
	for seed := range uint64(200) {
		play(t, simsched.Config{Seed: seed}, func(s *simsched.Sim) error {
			d, synced, record := simdisk.New(s, "d"), 0, bytes.Repeat([]byte("r"), 300)
			f, err := d.OpenFile("log", simdisk.OpenAppend|simdisk.OpenCreate, 0o644)
			if err := errors.Join(err, d.SyncDir(".")); err != nil {
				return err
			}
			s.Go("writer", func() error {
				for {
					if _, err := f.Write(record); err != nil {
						return nil
					}
					if err := f.Sync(); err != nil {
						return nil
					}
					synced++
				}
			})
			for range s.Rand("when").IntN(20) {
				s.Yield()
			}
			d.Crash()
			got, err := d.ReadFile("log")
			if len(got) < 300*synced || len(got) > 300*(synced+1) {
				return fmt.Errorf("%d records were synced, %d bytes are left", synced, len(got))
			}
			lengths[len(got)%300] = true
			return err
		})
	}
	if len(lengths) < 3 {
		t.Errorf("200 crashes tore records only at %v", lengths)
	}
}

// TestDiskManyDecisions: what one value cannot decide takes another one.
func TestDiskManyDecisions(t *testing.T) {
	trace := playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		ok(t, d.SyncDir("."))
		must[int](t)(f.Write(make([]byte, 512*48)))
		d.Crash() // one
		ok(t, d.WriteFile("f", bytes.Repeat([]byte("x"), 512*480), 0))
		d.CrashSynced() // none
		f = must[*simdisk.File](t)(d.OpenFile("f", simdisk.OpenWrite, 0))
		must[int](t)(f.Write(bytes.Repeat([]byte("x"), 512*480)))
		d.Crash() // ten
		got := must[[]byte](t)(d.ReadFile("f"))
		if n := bytes.Count(got, bytes.Repeat([]byte("x"), 512)); n < 180 || n > 300 {
			t.Errorf("%d of 480 blocks were kept", n)
		}
	})
	n := 0
	for _, line := range ioEvents(trace) {
		if line == "RngValue" {
			n++
		}
	}
	if n != 11 {
		t.Errorf("%d values were drawn, want 11", n)
	}
}

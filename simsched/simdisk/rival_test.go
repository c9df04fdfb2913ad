package simdisk_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/simsched/simdisk"
)

// step is an operation of a history. A file is opened for each.
type step struct {
	op   string // create, mkdir, write, trunc, sync, rename, remove, syncdir
	name string
	to   string // rename
	at   int    // write, trunc
	data string // write
}

func (s step) String() string {
	return fmt.Sprintf("%s %s %s at %d %s", s.op, s.name, s.to, s.at, runs(s.data))
}

// do makes the step on a disk and reports whether it succeeded.
func (s step) do(d *simdisk.Disk) bool {
	switch s.op {
	case "mkdir":
		return d.Mkdir(s.name, 0o755) == nil
	case "rename":
		return d.Rename(s.name, s.to) == nil
	case "remove":
		return d.Remove(s.name) == nil
	case "syncdir":
		return d.SyncDir(s.name) == nil
	}
	flag := simdisk.OpenWrite
	switch s.op {
	case "create":
		flag |= simdisk.OpenCreate | simdisk.OpenExclusive
	case "sync":
		flag = simdisk.OpenRead
	}
	f, err := d.OpenFile(s.name, flag, 0o644)
	if err != nil {
		return false
	}
	switch s.op {
	case "write":
		_, err = f.WriteAt([]byte(s.data), int64(s.at))
	case "trunc":
		err = f.Truncate(int64(s.at))
	case "sync":
		err = f.Sync()
	}
	return err == nil && f.Close() == nil
}

// diskState is what is on a disk: files with their data, directories under a name that ends in a slash.
type diskState map[string]string

func stateOf(d *simdisk.Disk) diskState {
	state := diskState{}
	for _, name := range names(d.FS()) {
		state[name] = ""
		if !strings.HasSuffix(name, "/") {
			data, err := d.ReadFile(name)
			if err != nil {
				data = []byte(err.Error())
			}
			state[name] = string(data)
		}
	}
	return state
}

// runs shortens data: "abbb" is "a1 b3".
func runs(data string) string {
	var b strings.Builder
	for len(data) > 0 {
		rest := strings.TrimLeft(data, data[:1])
		fmt.Fprintf(&b, "%q%d ", data[:1], len(data)-len(rest))
		data = rest
	}
	return strings.TrimSpace(b.String())
}

func (s diskState) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "%s: %s; ", name, runs(s[name]))
	}
	return b.String()
}

// A rival is what the doc comment of Disk says, in the simplest words: every moment of the names is kept whole, every
// change of a file in a list, and what a crash may leave is found by trying everything.
type rival struct {
	moments []map[string]int // the names since the last sync, by number of the object
	touched []map[int]bool   // the directories that the step to each moment changed
	files   map[int][]effect // not there for directories
	last    int
}

type effect struct {
	trunc  bool
	at     int
	piece  string // within one block
	synced bool
}

func newRival(state diskState) *rival {
	r := &rival{files: map[int][]effect{}}
	now := map[string]int{".": 0}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		r.last++
		now[strings.TrimSuffix(name, "/")] = r.last
		if !strings.HasSuffix(name, "/") {
			r.files[r.last] = []effect{{piece: state[name], synced: true}}
		}
	}
	r.moments, r.touched = []map[string]int{now}, []map[int]bool{nil}
	return r
}

func (r *rival) now() map[string]int { return r.moments[len(r.moments)-1] }

func (r *rival) isDir(name string) bool {
	id, ok := r.now()[name]
	return ok && r.files[id] == nil
}

func (r *rival) empty(name string) bool {
	for other := range r.now() {
		if strings.HasPrefix(other, name+"/") {
			return false
		}
	}
	return true
}

// name makes a new moment.
func (r *rival) name(f func(now map[string]int), dirs ...string) bool {
	touched, now := map[int]bool{}, maps.Clone(r.now())
	for _, dir := range dirs {
		touched[r.now()[dir]] = true
	}
	f(now)
	r.moments, r.touched = append(r.moments, now), append(r.touched, touched)
	return true
}

func (r *rival) do(s step) bool {
	id, exists := r.now()[s.name]
	isFile := exists && !r.isDir(s.name)
	switch s.op {
	case "create", "mkdir":
		if exists || !r.isDir(path.Dir(s.name)) {
			return false
		}
		r.last++
		if s.op == "create" {
			r.files[r.last] = []effect{}
		}
		return r.name(func(now map[string]int) { now[s.name] = r.last }, path.Dir(s.name))
	case "remove":
		if !exists || s.name == "." || !r.empty(s.name) {
			return false
		}
		return r.name(func(now map[string]int) { delete(now, s.name) }, path.Dir(s.name))
	case "rename":
		return r.rename(s.name, s.to)
	case "syncdir":
		return r.isDir(s.name) && r.syncDir(id)
	case "write":
		for data, at := s.data, s.at; isFile && data != ""; {
			n := min(len(data), 512-at%512)
			r.files[id] = append(r.files[id], effect{at: at, piece: data[:n]})
			data, at = data[n:], at+n
		}
	case "trunc":
		if isFile && len(content(r.files[id])) != s.at {
			r.files[id] = append(r.files[id], effect{trunc: true, at: s.at})
		}
	case "sync":
		for i := range r.files[id] {
			r.files[id][i].synced = true
		}
		return exists && (isFile || r.syncDir(id))
	}
	return isFile
}

func (r *rival) syncDir(id int) bool {
	for len(r.moments) > 1 && slices.ContainsFunc(r.touched[1:], func(t map[int]bool) bool { return t[id] }) {
		r.moments, r.touched = r.moments[1:], r.touched[1:]
	}
	return true
}

func (r *rival) rename(from, to string) bool {
	if _, exists := r.now()[from]; !exists || from == "." || to == "." || !r.isDir(path.Dir(to)) {
		return false
	}
	if from == to {
		return true
	}
	if _, exists := r.now()[to]; exists && (r.isDir(from) != r.isDir(to) || !r.empty(to)) {
		return false
	}
	if strings.HasPrefix(to, from+"/") {
		return false
	}
	return r.name(func(now map[string]int) {
		delete(now, to)
		for name, id := range maps.Clone(now) {
			if name == from || strings.HasPrefix(name, from+"/") {
				delete(now, name)
				now[to+strings.TrimPrefix(name, from)] = id
			}
		}
	}, path.Dir(from), path.Dir(to))
}

// content applies effects.
func content(effects []effect) string {
	var b []byte
	grow := func(n int) {
		for len(b) < n {
			b = append(b, 0)
		}
	}
	for _, e := range effects {
		if e.trunc {
			b = b[:min(len(b), e.at)]
			grow(e.at)
			continue
		}
		grow(e.at + len(e.piece))
		copy(b[e.at:], e.piece)
	}
	return string(b)
}

// contents tries every subset of the effects that the rules allow: an effect is lost if a truncation before it is, and
// a piece also if a piece of its block before it is.
func contents(effects []effect) map[string]bool {
	all := map[string]bool{}
	lost := make([]bool, len(effects))
	var try func(i int)
	try = func(i int) {
		if i == len(effects) {
			var kept []effect
			for j, e := range effects {
				if !lost[j] {
					kept = append(kept, e)
				}
			}
			all[content(kept)] = true
			return
		}
		mustLose := false
		for j, e := range effects[:i] {
			same := !e.trunc && !effects[i].trunc && e.at/512 == effects[i].at/512
			mustLose = mustLose || lost[j] && (e.trunc || same)
		}
		for _, lose := range []bool{false, true} {
			if lose || !mustLose {
				if lost[i] = lose; !lose || !effects[i].synced {
					try(i + 1)
				}
			}
		}
	}
	try(0)
	return all
}

// allows reports whether a crash may leave a state.
func (r *rival) allows(state diskState) bool {
	return slices.ContainsFunc(r.moments, func(names map[string]int) bool {
		if len(names) != len(state)+1 {
			return false
		}
		for name, id := range names {
			effects, isFile := r.files[id]
			if !isFile {
				name += "/"
			}
			data, exists := state[name]
			if name != "./" && (!exists || isFile && !contents(effects)[data]) {
				return false
			}
		}
		return true
	})
}

// afterCrash lists every state that a crash may leave, as text.
func (r *rival) afterCrash() map[string]bool {
	all := map[string]bool{}
	for _, names := range r.moments {
		states := []diskState{{}}
		for name, id := range names {
			effects, isFile := r.files[id]
			switch {
			case isFile:
				var more []diskState
				for data := range contents(effects) {
					for _, s := range states {
						s = maps.Clone(s)
						s[name] = data
						more = append(more, s)
					}
				}
				states = more
			case name != ".":
				for _, s := range states {
					s[name+"/"] = ""
				}
			}
		}
		for _, s := range states {
			all[s.String()] = true
		}
	}
	return all
}

// live returns the state without a crash.
func (r *rival) live() diskState {
	state := diskState{}
	for name, id := range r.now() {
		if effects, isFile := r.files[id]; isFile {
			state[name] = content(effects)
		} else if name != "." {
			state[name+"/"] = ""
		}
	}
	return state
}

package simdisk

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
)

// node is a file or a directory, independent of its name.
type node struct {
	dir  bool
	perm fs.FileMode
	mod  time.Time

	data    []byte // the content that programs see
	stable  []byte // the durable content
	pending []edit // changes from stable to data
}

// tree maps names to nodes, sorted by name; "." is the root.
type tree []entry

type entry struct {
	name string
	node *node
}

func (t tree) search(name string) (int, bool) {
	return slices.BinarySearchFunc(t, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
}

// find returns the node with a name, or nil if there is none.
func (t tree) find(name string) *node {
	if i, ok := t.search(name); ok {
		return t[i].node
	}
	return nil
}

// nameOf returns the name of a node, or false if it was removed.
func (t tree) nameOf(n *node) (string, bool) {
	for _, e := range t {
		if e.node == n {
			return e.name, true
		}
	}
	return "", false
}

// parent returns the directory of a name, or the reason why it cannot be used.
func (t tree) parent(name string) (*node, error) {
	n := t.find(path.Dir(name))
	switch {
	case n == nil:
		return nil, event.IONotFound.Err()
	case !n.dir:
		return nil, event.IOInvalidInput.Err()
	}
	return n, nil
}

// list returns the entries of a directory, by name.
func (t tree) list(dir string) []entry {
	var in []entry
	for _, e := range t {
		if e.name != "." && path.Dir(e.name) == dir {
			in = append(in, e)
		}
	}
	return in
}

// change is a change of names: node gets name; or, if there is none, name is renamed to to, or removed if to is empty.
type change struct {
	name, to string
	node     *node
	dirs     [2]*node // directories that it changes; the second may be nil
}

// apply applies the change to t, which must be in the state in which the change was first made.
func (c change) apply(t tree) tree {
	i, _ := t.search(c.name)
	switch {
	case c.node != nil:
		return slices.Insert(t, i, entry{c.name, c.node})
	case c.to == "":
		return slices.Delete(t, i, i+1)
	}
	t = slices.DeleteFunc(t, func(e entry) bool { return e.name == c.to })
	for i := range t {
		if name := t[i].name; name == c.name || strings.HasPrefix(name, c.name+"/") {
			t[i].name = c.to + name[len(c.name):]
		}
	}
	slices.SortFunc(t, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return t
}

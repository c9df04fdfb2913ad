package story

import "github.com/reprise-go/reprise/internal/cast"

// heldSince names the goroutine that holds the lock for which a goroutine waits, and the line at which it took it.
func (s *stepper) heldSince(r moment) string {
	if r.by == 0 || !s.recent() {
		return ""
	}
	return ", " + cast.HeldBy(r.reason) + " " + s.who.Path(r.by) + since(s.locked[lockOf{r.object.Name, r.by}])
}

// lockOf is a lock that a goroutine holds.
type lockOf struct {
	name string
	g    uint32
}

// since returns " since bank.go:23" for a place, "" if it is not known.
func since(place string) string {
	if line := cast.ShortSite(place); line != "" {
		return " since " + line
	}
	return ""
}

// locks notes where a goroutine takes a lock.
func locks(locked map[lockOf]string, m moment) {
	switch {
	case m.does("locks"):
		locked[lockOf{m.object.Name, m.g}] = m.place
	case m.does("unlocks"):
		delete(locked, lockOf{m.object.Name, m.g})
	}
}

// heldBy names the holder of the object for which a task of a simulated run waits.
func (s *stepper) heldBy(r moment) string {
	if r.by == 0 || !s.recent() {
		return ""
	}
	return ", " + cast.HeldBy(r.reason) + " " + s.who.Path(r.by) + ","
}

package finding

import (
	"cmp"
	"regexp"
	"slices"
)

// Decided is what the smallest run of a failure has shown about its cause.
type Decided struct {
	Text  string   // what the report says about it, with a newline at the end; "" if nothing
	Kind  string   // kind of the bug, such as "lost wake-up"; "" if none is certain
	Lines []string // the places in the program that decided, sorted; nil if they are not known
}

// Decide adds what the smallest run has shown.
func (f *Finding) Decide(d Decided) {
	f.Decided = d
	if d.Text != "" {
		f.Why += "\n" + d.Text[:len(d.Text)-1]
	}
}

// Settle replaces the signature, which tells failures apart as they were found, by that of their cause:
//
//   - a deadlock or a leak of which the kind of the bug is known: the class, the kind and the places that it names,
//     since which other tasks are stuck depends on the schedule;
//   - a failed assertion and the error of a simulated run: the class, the parts without values, and the places that
//     decided, since different bugs can fail at one line;
//   - others, of which the parts name the place: the class and the parts without values.
//
// Found keeps the earlier signature. A finding of which Parts is not known keeps its signature.
func (f *Finding) Settle() {
	f.Found = f.Signature
	if f.Parts != nil {
		f.Signature = Sign(f.Class, append(f.essence(), f.places()...)...)
	}
}

// SameCause reports whether two failures of one test have the same cause: their signatures are equal after Settle, or
// differ only in the places that decided. The smallest runs of one bug may stop at different places, and in one test
// the rest tells enough. In different tests it does not, since they can fail in one helper.
func (f *Finding) SameCause(g *Finding) bool {
	return f.Signature == g.Signature ||
		f.Parts != nil && g.Parts != nil && f.Class == g.Class && slices.Equal(f.essence(), g.essence())
}

// essence returns the parts of the signature that are equal for one cause, besides the places that decided.
func (f *Finding) essence() []string {
	if f.stuck() {
		return append([]string{f.Decided.Kind}, f.Decided.Lines...)
	}
	list := make([]string, len(f.Parts))
	for i, p := range f.Parts {
		list[i] = quoted.ReplaceAllString(p, `"#"`)
	}
	if f.folds() {
		return Set(list)
	}
	return list
}

// folds reports whether the parts are a set, in which those that differ only in values are one.
func (f *Finding) folds() bool {
	return slices.IsSorted(f.Parts) && slices.Equal(f.Parts, Set(f.Parts))
}

// places returns the places that decided, if the parts do not name the place of the bug.
func (f *Finding) places() []string {
	if f.Class == assertion || f.Class == broken {
		return f.Decided.Lines
	}
	return nil
}

// stuck reports whether the failure is that tasks are stuck, by a bug of a known kind.
func (f *Finding) stuck() bool {
	return f.Decided.Kind != "" && (f.Class == deadlock || f.Class == leak)
}

// Classes of both worlds.
const (
	assertion = "test failure"
	broken    = "error"
	deadlock  = "deadlock"
	leak      = "leak"
)

// quoted is a value in quotes, as %q and %#v print it.
var quoted = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`\n]*`|'(?:[^'\\\\\n]|\\\\[^\n]{1,9}?)'")

// FoundAs returns the signature of the run as it was found.
func (f *Finding) FoundAs() string { return cmp.Or(f.Found, f.Signature) }

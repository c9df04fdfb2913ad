package tracefile

import (
	"math"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// Note records a fact about a moment of a run besides its events, such as why a task stopped. The moment is
// directly before the event that follows the note, or the end of the run. The meaning of the fields depends on Act:
//
//	Act       Task              Reason              Object           Tasks           Place, Stack
//	ActStart  it starts         function            -                the parent      of the go statement
//	ActTurn   it runs next      -                   -                -               -
//	ActStop   it stops          operation           it waits for     hold the object where it stands
//	ActWake   it becomes ready  -                   it waited for    woke it         -
//	ActSet    it sets a timer   -                   -                -               where
//	ActDo     it does something what it does        it does it to    other ones      where
//	ActFail   it marks the test as failed           -                -               -
//	ActRace   it accesses memory "write, read": its access and the other one, which Tasks made  where
//	ActPart   -                 what the recording that is replayed has instead      -
//	ActDrop   -                 how many records of the rest of the run are missing  -
//	ActLeft   it has not ended  operation           it waits for     hold the object where it stands
//	ActKept   code that may still run reaches what it waits for; follows ActLeft
//	ActEnd    it ended the run  how the run ended   -                -               where it stands
//	ActCause  -                 what decided it     a decision       -               -
//	ActCause  its turn counts   what it does there  a decision       -               where
//	ActOdds   -                 "3 of 16"           a decision       -               -
//
// The first frame of the Stack of an ActRace is the place of the other access, which came before.
//
// An ActDo with neither a place nor a time is about what happens to the object, such as "crashes"; see [Note.Deed].
//
// ActCause and ActOdds are of the end of a failing run, and about a decision by its number, such as {"decision",
// "decision 17"}: the one that began the turn that decided the run, those that began the turns of its critical pair,
// and those behind which 3 of 16 continuations with other choices fail. See package internal/cause.
//
// Unknown fields are empty. A reader must ignore an Act that it does not know.
type Note struct {
	Act    Act
	Task   event.TaskID // NoTask if the note concerns no task
	Reason string       // such as "sync.Mutex.Lock" or "chan receive"
	Object Object
	Tasks  []event.TaskID // at most 64
	Place  string         // a code line, such as "bank.go:25 example.com/bank.Move"
	Stack  []string       // code lines, innermost first; at most 64
	Time   uint64         // exact virtual time in nanoseconds since the start of the run; 0 if only events give it
}

// Act is the subject of a [Note].
type Act string

// The acts.
const (
	ActStart Act = "starts"
	ActTurn  Act = "turn"
	ActStop  Act = "stops"
	ActWake  Act = "wakes"
	ActSet   Act = "sets"
	ActDo    Act = "does"
	ActFail  Act = "fails"
	ActRace  Act = "races"
	ActPart  Act = "parts"
	ActDrop  Act = "drops"
	ActLeft  Act = "left"
	ActKept  Act = "kept"
	ActEnd   Act = "ends"
	ActCause Act = "cause"
	ActOdds  Act = "odds"
)

// The reasons of an ActDo for the cases of a select, of which it takes at most one.
const (
	OfferSend    = "offers to send on"
	OfferReceive = "offers to receive from"
)

// NoTask is the Task of a [Note] that concerns no task.
const NoTask event.TaskID = math.MaxUint64

// Object is the object that a task waits for or acts upon. The zero Object means no object.
type Object struct {
	Kind string // such as "mutex" or "channel"
	Name string // distinguishes it from others of its kind in a run: the user's name, or "mutex 1" by order of first use
}

// String returns the kind and the name: "mutex 1", or mutex "accounts" for a name that the user gave.
func (o Object) String() string {
	switch {
	case o.Name == "":
		return o.Kind
	case o.Kind == "" || strings.HasPrefix(o.Name, o.Kind+" "):
		return o.Name
	}
	return o.Kind + " " + strconv.Quote(o.Name)
}

// The limits of notes. A Writer drops what exceeds them; a Reader refuses it.
const (
	maxNoteTasks  = 64
	maxNoteStack  = 64
	maxNotesAt    = 1 << 12 // number of notes before one event, or at the end
	maxNotes      = 1 << 16 // number of notes for an event chunk
	fullNotes     = 1 << 15 // number of notes at which a chunk is full
	maxNotesBytes = 8 << 20 // bytes of the notes before one event
)

// Deed says what an [ActDo] is about: "locks mutex 1" for what the task does to the object, and "host a crashes" for
// what happens to the object.
func (n Note) Deed() string {
	if n.Place != "" || n.Time != 0 {
		return strings.TrimSpace(n.Reason + " " + n.Object.String())
	}
	return strings.TrimSpace(n.Object.String() + " " + n.Reason)
}

// clipped returns n cut to the limits. Its slices share memory with those of n.
func (n Note) clipped() Note {
	n.Act, n.Reason = Act(clip(string(n.Act), maxText)), clip(n.Reason, maxText)
	n.Object = Object{clip(n.Object.Kind, maxText), clip(n.Object.Name, maxText)}
	n.Place = clip(n.Place, maxText)
	n.Tasks = n.Tasks[:min(len(n.Tasks), maxNoteTasks)]
	n.Stack = n.Stack[:min(len(n.Stack), maxNoteStack)]
	return n
}

// jsonNote is a Note in JSON lines.
type jsonNote struct {
	Act    Act            `json:"act"`
	Task   *event.TaskID  `json:"task,omitempty"`
	Reason string         `json:"reason,omitempty"`
	Kind   string         `json:"kind,omitempty"`
	Object string         `json:"object,omitempty"`
	Tasks  []event.TaskID `json:"tasks,omitempty"`
	Place  string         `json:"place,omitempty"`
	Stack  []string       `json:"stack,omitempty"`
	Time   uint64         `json:"time,omitempty"`
}

func (n Note) json() jsonNote {
	j := jsonNote{n.Act, nil, n.Reason, n.Object.Kind, n.Object.Name, n.Tasks, n.Place, n.Stack, n.Time}
	if n.Task != NoTask {
		j.Task = &n.Task
	}
	return j
}

func (j jsonNote) note() Note {
	n := Note{j.Act, NoTask, j.Reason, Object{j.Kind, j.Object}, j.Tasks, j.Place, j.Stack, j.Time}
	if j.Task != nil {
		n.Task = *j.Task
	}
	return n
}

package gort

import (
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// note writes the notes of a record, before its events.
func (t *translator) note(r *record.Record) {
	n := tracefile.Note{Task: gorun.Task(r.G), Time: uint64(r.Time)}
	switch r.Kind {
	case record.Spawn:
		n.Act = tracefile.ActStart
		n.Reason, n.Tasks = t.r.Text(r.Points), tasks(uint32(r.Val>>32))
		t.place(&n, r.Site)
		t.Note(n)
	case record.Sched:
		t.decided(r, n)
	case record.Block:
		n.Act, n.Reason = tracefile.ActStop, t.r.Text(r.Points)
		t.place(&n, r.Site)
		n.Object, n.Tasks = t.objects.of(uint32(r.Val), n.Reason), tasks(uint32(r.Val>>32))
		t.last[r.G] = n.Object
		t.Note(n)
	case record.Yield, record.Preempt:
		n.Act, n.Reason = tracefile.ActStop, stopReason(r)
		t.place(&n, r.Site)
		t.Note(n)
	case record.Wake:
		n.Act, n.Tasks, n.Object = tracefile.ActWake, tasks(uint32(r.Val)), t.last[r.G]
		t.Note(n)
	case record.Admit:
		n.Act, n.Reason = tracefile.ActWake, gorun.ReasonPoller
		switch r.Reason {
		case 2:
			n.Reason = gorun.ReasonReturn
		case 3:
			n.Reason = gorun.ReasonThread
		}
		t.before(event.KindIoReady, n)
	case record.TimerSet:
		n.Act = tracefile.ActSet
		if t.timer.G == r.G {
			t.place(&n, t.timer.Site)
		}
		t.timer = record.Record{}
		t.Note(n)
	case record.Does:
		if r.Reason == record.DoesTimer {
			t.timer = *r
			return
		}
		t.does(r, n)
	case record.Fail:
		n.Act = tracefile.ActFail
		t.place(&n, r.Site)
		t.Note(n)
	case record.Race:
		n.Act, n.Reason, n.Tasks = tracefile.ActRace, accesses(r.Reason), tasks(uint32(r.Val))
		t.place(&n, r.Site)
		n.Stack = []string{shortPlace(t.r.Text(r.Points))}
		t.Note(n)
	case record.Expected:
		t.Note(tracefile.Note{Act: tracefile.ActPart, Task: tracefile.NoTask, Reason: t.expected(*r), Time: n.Time})
	}
}

// accesses returns the kinds of the two accesses of a race, the later one first.
func accesses(reason uint8) string {
	kinds := [...]string{"read", "write", "atomic read", "atomic write"}
	return kinds[reason&3] + ", " + kinds[reason>>4&3]
}

// place fills in the frames of a place.
func (t *translator) place(n *tracefile.Note, site uint32) {
	n.Place = shortPlace(t.r.Place(site))
	if strings.HasPrefix(n.Place, "zreprise_") { // a goroutine that only closes a channel: go close(c)
		n.Place = ""
	}
	for _, frame := range t.r.Callers(site) {
		n.Stack = append(n.Stack, shortPlace(frame))
	}
}

// does writes the note of an operation.
func (t *translator) does(r *record.Record, n tracefile.Note) {
	n.Act = tracefile.ActDo
	t.place(&n, r.Site)
	n.Reason, n.Object = operation(r.Reason, t.r.Text(r.Points))
	if r.Reason == record.DoesFault {
		n.Reason = faultText(r.FaultOf(), t.r.Text(r.Points))
	}
	if n.Object.Kind != "" {
		n.Object = t.objects.numbered(uint32(r.Val), n.Object.Kind)
	}
	t.Note(n)
}

// operations are the words for what goroutines do, and the kind of the object.
var operations = map[string][2]string{
	"runtime.chansend": {"sends on", "channel"}, "runtime.chanrecv": {"receives from", "channel"},
	"runtime.closechan": {"closes", "channel"}, "runtime.selectgo": {"selects", ""},
	"runtime.timeSleep": {"sleeps", ""}, "time.Sleep": {"sleeps", ""}, "runtime.Gosched": {"yields", ""},
	"sync.(*WaitGroup).Add": {"adds to", "wait group"}, "sync.(*WaitGroup).Wait": {"waits for", "wait group"},
	"sync.(*WaitGroup).Done": {"leaves", "wait group"}, "sync.(*WaitGroup).Go.func1": {"leaves", "wait group"},
	"sync.(*WaitGroup).Go": {"adds to", "wait group"},
	"sync.(*Cond).Wait":    {"waits on", "cond"}, "sync.(*Cond).Signal": {"signals", "cond"},
	"sync.(*Cond).Broadcast": {"broadcasts to", "cond"}, "sync.(*Once).Do": {"enters", "once"},
}

// atomics are the words for functions and methods of package sync/atomic, by the start of the name.
var atomics = [][2]string{
	{"Load", "loads"}, {"Store", "stores"}, {"Add", "adds to"}, {"Swap", "swaps"},
	{"CompareAndSwap", "compares and swaps"}, {"And", "clears bits of"}, {"Or", "sets bits of"},
}

// mapWords are the words for what the runtime does with maps, by what follows "runtime.map" in the name.
var mapWords = [][2]string{
	{"access", "reads a map"}, {"assign", "writes to a map"}, {"delete", "deletes from a map"}, {"clear", "clears a map"},
	{"iter", "reads a map"}, {"Iter", "reads a map"},
}

// atomicWords returns the words for an operation of package sync/atomic, "" if the name is of another one.
func atomicWords(name string) string {
	fn, ok := strings.CutPrefix(name, "sync/atomic.")
	if !ok {
		return ""
	}
	fn = fn[strings.LastIndexByte(fn, '.')+1:]
	for _, a := range atomics {
		if strings.HasPrefix(fn, a[0]) {
			return a[1]
		}
	}
	return ""
}

// operation returns what a goroutine does in words, and the kind of the object that it does it to.
func operation(what uint8, name string) (text string, o tracefile.Object) {
	switch what {
	case record.DoesLock:
		return "locks", tracefile.Object{Kind: lockKind(name)}
	case record.DoesUnlock:
		return "unlocks", tracefile.Object{Kind: lockKind(name)}
	case record.DoesRLock:
		return "locks for reading", tracefile.Object{Kind: "rwmutex"}
	case record.DoesRUnlock:
		return "unlocks for reading", tracefile.Object{Kind: "rwmutex"}
	case record.DoesOfferSend:
		return tracefile.OfferSend, tracefile.Object{Kind: "channel"}
	case record.DoesOfferRecv:
		return tracefile.OfferReceive, tracefile.Object{Kind: "channel"}
	case record.DoesTookSend:
		return "takes the case that sends on", tracefile.Object{Kind: "channel"}
	case record.DoesTookRecv:
		return "takes the case that receives from", tracefile.Object{Kind: "channel"}
	case record.DoesReadySend:
		return gorun.Could + "send on", tracefile.Object{Kind: "channel"}
	case record.DoesReadyRecv:
		return gorun.Could + "receive from", tracefile.Object{Kind: "channel"}
	case record.DoesStop:
		return "stops a timer", o
	case record.DoesStopLate:
		return "tries to stop a timer, which does not run", o
	case record.DoesTookDefault:
		return "takes the default case", o
	}
	name = strings.TrimSuffix(name, "-fm") // of a method value
	if words, known := operations[name]; known {
		return words[0], tracefile.Object{Kind: words[1]}
	}
	if words := atomicWords(name); words != "" {
		return words, tracefile.Object{Kind: "atomic"}
	}
	for _, m := range mapWords {
		if strings.HasPrefix(name, "runtime.map"+m[0]) {
			return m[1], o
		}
	}
	if i := strings.IndexByte(name, '['); i >= 0 { // the type arguments
		name = name[:i] + name[strings.LastIndexByte(name, ']')+1:]
	}
	return strings.NewReplacer("sync/", "", "(*", "", ")", "").Replace(name), o
}

// lockKind returns the kind of a lock of which a function is a method: an RWMutex, or a Mutex, whose methods have no
// name in the recording.
func lockKind(fn string) string {
	if strings.HasPrefix(fn, "sync.(*RWMutex).") {
		return "rwmutex"
	}
	return "mutex"
}

// before stores a note for the next event of a kind.
func (t *translator) before(kind event.Kind, n tracefile.Note) { t.ahead, t.aheadKind = n, kind }

// decided writes the note of a decision, and before it the reason if a goroutine is in a system call.
func (t *translator) decided(r *record.Record, n tracefile.Note) {
	if (r.Reason == record.WhySyscall || r.Reason == record.WhyStuck) && r.Prev() != 0 {
		t.Note(tracefile.Note{Act: tracefile.ActStop, Task: gorun.Task(r.Prev()), Reason: gorun.ReasonSyscall})
	}
	n.Act = tracefile.ActTurn
	t.before(event.KindTaskScheduled, n)
}

// expected describes what a recording has at the place where its replay differed; "" at its end.
func (t *translator) expected(r record.Record) string {
	if r.Kind = record.Kind(r.Site); !r.IsChoice() {
		return ""
	}
	return newCast(&Outcome{Recording: t.r}).choice(r)
}

// stopReason returns the reason of a goroutine that stops although it could continue.
func stopReason(r *record.Record) string {
	switch {
	case r.Kind == record.Yield:
		return gorun.ReasonYield
	case r.Reason == record.WhyForced:
		return gorun.ReasonForced
	}
	return gorun.ReasonPreempt
}

// left writes the notes of the end: how the run ended, and the goroutines that are left.
func (t *translator) left(o *Outcome) {
	end := tracefile.Note{Act: tracefile.ActEnd, Task: tracefile.NoTask, Time: uint64(o.Virtual)}
	end.Reason, end.Place = o.Verdict.String(), o.diedAt()
	if o.Task != 0 {
		end.Task = gorun.Task(o.Task)
	}
	if o.Verdict == TimedOut && o.said() == "" {
		end.Reason = endKilled
	}
	t.Note(end)
	if n := o.Recording.Dropped; n > 0 {
		t.Note(tracefile.Note{Act: tracefile.ActDrop, Task: tracefile.NoTask, Reason: prose.Count(int(n), "record")})
	}
	for _, w := range o.Left {
		n := tracefile.Note{Act: tracefile.ActLeft, Task: gorun.Task(w.ID), Reason: w.Reason, Tasks: tasks(w.Holder)}
		n.Place = shortPlace(w.Where)
		if w.Reason != "" {
			n.Object = t.last[w.ID]
		}
		for line := range strings.Lines(w.Stack) {
			n.Stack = append(n.Stack, shortPlace(strings.TrimSpace(line)))
		}
		t.Note(n)
		if w.Kept {
			t.Note(tracefile.Note{Act: tracefile.ActKept, Task: n.Task})
		}
	}
	for _, n := range o.AtEnd {
		t.Note(n)
	}
}

// endKilled is the reason of the end of a run that took too long in real time.
const endKilled = "killed"

// tasks returns the task of a goroutine, or none for 0.
func tasks(g uint32) []event.TaskID {
	if g == 0 {
		return nil
	}
	return []event.TaskID{gorun.Task(g)}
}

// shortPlace removes the folder from a text of the runtime: "queue.go:25 example.com/queue.(*Queue).run".
func shortPlace(text string) string {
	line, fn := cast.CutPlace(text)
	return strings.TrimSpace(line[strings.LastIndexByte(line, '/')+1:] + " " + fn)
}

// objectBook names the objects for which goroutines wait, by kind and order of first use.
type objectBook struct {
	named map[uint32]tracefile.Object // by the number that the runtime gave
	count map[string]int              // by kind
}

// kinds are those of the objects for which goroutines wait with a reason of the runtime.
var kinds = map[string]string{
	"sync.Mutex.Lock": "mutex", "sync.RWMutex.Lock": "rwmutex", "sync.RWMutex.RLock": "rwmutex",
	"sync.WaitGroup.Wait": "wait group", "sync.Cond.Wait": "cond", "chan send": "channel", "chan receive": "channel",
}

// of returns the object with a number, for which a goroutine waits with a reason of the runtime. Number 0 is an
// unknown object.
func (b *objectBook) of(number uint32, reason string) tracefile.Object {
	return b.numbered(number, kinds[reason])
}

// numbered returns the object with a number, of a kind unless it is known already. Number 0 is an unknown object.
func (b *objectBook) numbered(number uint32, kind string) tracefile.Object {
	if number == 0 || kind == "" {
		return tracefile.Object{Kind: kind}
	}
	if o, found := b.named[number]; found {
		return o
	}
	if b.named == nil {
		b.named, b.count = map[uint32]tracefile.Object{}, map[string]int{}
	}
	b.count[kind]++
	o := tracefile.Object{Kind: kind, Name: fmt.Sprintf("%s %d", kind, b.count[kind])}
	b.named[number] = o
	return o
}

// diedAt returns the place where the process died of a panic or a fatal error, "" if it did not or if that is not
// known.
func (o *Outcome) diedAt() string {
	start := map[Verdict]string{Panicked: "panic: ", Crashed: "fatal error: "}[o.Verdict]
	if start == "" {
		return ""
	}
	if t := parseTraceback(string(o.Output), start); len(t.stacks) > 0 {
		if list := t.stacks[0].telling(); len(list) > 0 {
			return list[0].String()
		}
	}
	return ""
}

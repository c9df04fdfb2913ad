package gort

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// saved returns the bytes of the trace file of a run.
func saved(t testing.TB, o *Outcome) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(o.Recording.Seed),
		tracefile.Config{Identity: tracefile.Identity{tracefile.KeyRun: tracefile.RunOrdinary}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(o.translate(context.Background(), w), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sensible checks choices that were read from a file of any bytes.
func sensible(t *testing.T, c *record.Choices, events int) {
	t.Helper()
	if len(c.Records) > events || !c.Loose {
		t.Errorf("%d choices of %d events, loose %t", len(c.Records), events, c.Loose)
	}
	for _, r := range c.Records {
		if !r.IsChoice() || r.N != 0 || r.Kind == record.Sched && (r.Reason < record.WhyBlock || r.Reason > record.WhyEnd) {
			t.Errorf("the choice %+v", r)
		}
	}
}

// FuzzLoad checks that choices read from any file, and from any row of events, are an error or make sense.
func FuzzLoad(f *testing.F) {
	for _, s := range failures(f) {
		file := saved(f, s.o)
		f.Add(file)
		f.Add(file[:len(file)/2])
		r, err := tracefile.NewReader(bytes.NewReader(file))
		if err != nil {
			f.Fatal(err)
		}
		var list []byte
		for e, err := range r.All() {
			if err != nil {
				f.Fatal(err)
			}
			list = e.AppendMsgpack(list)
		}
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := tracefile.NewReader(bytes.NewReader(data)); err == nil {
			if c, _, err := load(r); err == nil {
				sensible(t, c, int(r.Pos()))
			}
		}
		d, n := event.NewDecoder(bytes.NewReader(data)), 0
		cr := choiceReader{c: &record.Choices{Loose: true}}
		for {
			e, err := d.Decode()
			if err != nil {
				break
			}
			n++
			if err := cr.event(e); err != nil && !errors.Is(err, ErrNotOrdinary) {
				t.Fatal(err)
			}
		}
		sensible(t, cr.c, n)
	})
}

// FuzzChoices checks that the choices of a run come back from its trace file, as far as that has them.
func FuzzChoices(f *testing.F) {
	f.Add([]byte{0, 1, 5, 1, 2, 3, 2, 7, 9, 3, 1, 0, 4, 3, 1, 5, 0, 200})
	f.Add([]byte{10, 1, 5, 16, 2, 3, 2, 7, 9, 11, 1, 0})
	f.Add([]byte{1, 0, 3, 1, 0, 0, 2, 0, 255, 2, 0, 0, 3, 0, 1, 4, 0, 2, 5, 9, 9})
	f.Fuzz(func(t *testing.T, program []byte) {
		o := scripted(program)
		r, err := tracefile.NewReader(bytes.NewReader(saved(t, o)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := load(r)
		if err != nil {
			t.Fatal(err)
		}
		want := o.Recording.Choices().Records
		want[0].Reason = record.WhyBlock // newTape does not say how
		for i := range want {
			want[i].N = 0
			if want[i].Kind == record.Sched { // a file has the time to the millisecond
				if late := want[i].Time - got.Records[min(i, len(got.Records)-1)].Time; 0 <= late && late <= 1e6 {
					want[i].Time -= late
				}
			} else { // what stands in a file is when a goroutine came, and not how
				want[i].Reason = 0
			}
		}
		if got.Seed != o.Recording.Seed || !slices.Equal(got.Records, want) {
			t.Errorf("the choices\n%+v, want\n%+v", got.Records, want)
		}
		if reads := o.Recording.Choices().Reads; !slices.EqualFunc(got.Reads, reads, func(a, b record.Record) bool {
			return a.G == b.G && a.Val == b.Val && a.Points == b.Points
		}) {
			t.Errorf("the reads\n%+v, want\n%+v", got.Reads, reads)
		}
	})
}

// scripted returns a run in which main.main starts four goroutines, and then for every three bytes one of them comes
// to a halt, in a way and for a goroutine that they say.
func scripted(program []byte) *Outcome {
	t := newTape()
	t.r.Seed = uint64(len(program))
	for range 4 {
		t.spawn(2, "example.com/bank.TestBank.func1", site)
	}
	last, points := record.Record{}, uint32(0)
	for ; len(program) >= 3; program = program[3:] {
		g, leap := uint32(program[1]%5+2), int64(program[2])*1e6
		points += uint32(program[1] / 5)
		why := record.WhyBlock
		switch program[0] % 5 {
		case 1:
			why = record.WhyYield
			t.yield(t.prev, site)
		case 2:
			why = record.WhyPreempt
			t.add(record.Record{Kind: record.Preempt, G: t.prev, Val: uint64(leap)})
		case 3:
			t.admit(g, 1)
		case 4:
			t.wake(g, t.prev)
		}
		if program[0] >= 10 && t.prev != 0 {
			t.add(record.Record{Kind: record.Read, G: t.prev, Val: uint64(program[2])})
		}
		t.leap(g, 2, why, leap)
		last = t.r.Records[len(t.r.Records)-1]
		last.Points = points
		t.r.Records[len(t.r.Records)-1] = last
	}
	return t.outcome(Failed, 1, "FAIL\n")
}

// FuzzShared checks that whatever a program does to the shared file, its run is an error or can be told of.
func FuzzShared(f *testing.F) {
	for _, s := range failures(f) {
		var b []byte
		for _, r := range s.o.Recording.Records {
			b = append(b, unsafe.Slice((*byte)(unsafe.Pointer(&r)), recordSize)...)
		}
		f.Add(uint64(len(s.o.Recording.Records)), uint64(64), uint32(endDiverged),
			b, []byte("\x03\x00\x00\x00abc\x01\x00\x00\x00d"))
	}
	f.Fuzz(func(t *testing.T, records, text uint64, end uint32, body, texts []byte) {
		const room = 64
		s := &shared{mem: make([]byte, headerSpace+room*recordSize+1024)}
		s.sent = header{recordsAt: headerSpace, recordCap: room, textAt: headerSpace + uint64(room*recordSize), textCap: 1024}
		copy(s.mem[s.sent.recordsAt:s.sent.textAt], body)
		copy(s.mem[s.sent.textAt:], texts)
		*s.header() = header{
			records: records, text: text, end: end, endTask: uint32(text), recordsAt: records, recordCap: records, textAt: text,
			textCap: records,
		}
		o, err := outcome(s, int(int32(end)), 1, false, texts)
		if err != nil {
			return
		}
		_ = o.Failure() + o.Signature() + o.Schedule(20) + o.Stacks() + o.Dependence() + o.describe()
		if o.Mismatch != nil {
			_ = o.Mismatch.String()
		}
		w, err := tracefile.NewWriter(io.Discard, event.NewMetadata(1), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = o.translate(context.Background(), w), w.Close() // events may be out of range
	})
}

// TestIntact checks which records are taken for those of a run.
func TestIntact(t *testing.T) {
	start := record.Record{Kind: record.Spawn, G: 1}
	for _, c := range []struct {
		name string
		list []record.Record
		ok   bool
	}{
		{"none", nil, true},
		{"a child", []record.Record{start, {Kind: record.Spawn, G: 2, Val: 1 << 32}, {Kind: record.Sched, G: 2},
			{Kind: record.TimerSet, G: 1, Points: 1}}, true},
		{"a choice of another program", []record.Record{start, {Kind: record.Expected, G: 9}}, true},
		{"no kind", []record.Record{{}}, false},
		{"an unknown kind", []record.Record{start, {Kind: record.Begin + 1}}, false},
		{"a number left out", []record.Record{start, {Kind: record.Spawn, G: 3}}, false},
		{"its own parent", []record.Record{{Kind: record.Spawn, G: 1, Val: 1 << 32}}, false},
		{"nobody runs", []record.Record{start, {Kind: record.Sched}}, false},
		{"before it starts", []record.Record{start, {Kind: record.Block, G: 2}}, false},
		{"a timer left out", []record.Record{start, {Kind: record.TimerSet, G: 1, Points: 2}}, false},
	} {
		if err := intact(c.list); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestSharedRoom checks that a recording too large for the runtime to map is refused.
func TestSharedRoom(t *testing.T) {
	s := &shared{}
	if err := s.prepare(header{}, record.Choices{}, nil, nil, maxRecords+1<<12, 0); err == nil {
		t.Error("no error")
	}
	if len(s.mem) > 0 {
		t.Error("a file was made")
	}
}

// TestSaveInterrupted: saving ends with its context, and leaves no file.
func TestSaveInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "x.reprise")
	o := lockOrder(true).outcome(Deadlocked, 0, "")
	if err := o.SaveContext(ctx, path, "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
}

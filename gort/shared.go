package gort

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"unsafe"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// Numbers in the shared file. The runtime defines them under the same names with the prefix "rpr".
const (
	magic   = 0x31304f47_52505249
	version = 16

	modeLive   = 1
	modeReplay = 2
	modeScript = 3

	flagLeaks    = 1
	flagSlow     = 2
	flagContinue = 4
	flagLoose    = 8
	flagServe    = 16
	flagResync   = 32
	flagPrefix   = 64
	flagMemory   = 128
	flagNet      = 256
	flagProfile  = 512
	flagCount    = 1024
	flagDetail   = 2048
	flagRoute    = 4096
	flagTape     = 8192
	flagPoints   = 16384
	flagHold     = 32768
	flagHeld     = 65536
	flagEnv      = 131072
	flagSteps    = 262144
	flagTalk     = 524288
)

// header is the start of the shared file. The runtime defines the same type as rprHeader.
type header struct {
	magic     uint64
	version   uint32
	claimed   uint32
	mode      uint32
	flags     uint32
	strategy  uint32
	gap       uint32
	seed      uint64
	key       uint64
	depth     uint32
	length    uint32
	procs     uint32
	slow      uint32
	window    uint32
	follow    uint32
	maxSteps  uint64
	maxTime   int64
	maxPoints uint64
	clock     int64
	choices   uint64
	reads     uint64
	faults    uint64
	cases     uint64
	choicesAt uint64
	recordsAt uint64
	recordCap uint64
	textAt    uint64
	textCap   uint64
	profileAt uint64

	faultRate  uint32
	faultKinds uint32
	tapeAt     uint64
	tapeCap    uint64
	moduleLen  uint64
	module     [512]byte
	given      uint64
	givenCut   uint64
	stopAt     uint64
	envAt      uint64
	envLen     uint64
	host       uint32

	records uint64
	text    uint64
	steps   uint64
	points  uint64
	hash    uint64
	time    int64
	end     uint32
	code    int32
	endTask uint32
	forced  uint32
	admits  uint32
	used    uint32
	matched uint32
	extra   uint32
	pid     uint32
	forks   uint32
	helpers uint32
	dropped uint64
	class   uint64
	dials   uint32
	wrote   uint32
	tape    uint64
	tapeCut uint64
	tapeHow uint32

	tapeCall   uint32
	tapeWhat   uint32
	tapeObject uint32
	tapeOffset uint64
	tapeAged   uint32
	chosen     uint64
	calls      [512]uint32
}

const (
	headerSpace  = 4096
	recordSize   = int(unsafe.Sizeof(record.Record{}))
	textSpace    = 4 << 20
	profileSpace = uint64(max(unsafe.Sizeof(strategy.Profile{}), unsafe.Sizeof(strategy.Route{})))
	choiceAlign  = 1 << 16 // a multiple of every page size
	maxRecords   = (math.MaxUint32 - headerSpace - textSpace - int(profileSpace) - choiceAlign) / recordSize
)

// shared is a shared file and its mapping.
type shared struct {
	file *os.File
	mem  []byte
	sent header // copy of the header from before the run, because the program may overwrite the file
}

// memoryDir is the folder for files in memory on Linux. In containers it is often small, and a process that writes to a
// mapping of a file there is killed when no space is left.
const memoryDir = "/dev/shm"

// openShared creates a shared file for up to size bytes, in memory if there is space for two such files.
func openShared(size int) (*shared, error) {
	dir := ""
	if room(memoryDir) >= 2*uint64(size) {
		dir = memoryDir
	}
	f, err := openNameless(dir)
	if err != nil && dir != "" {
		f, err = openNameless("")
	}
	if err != nil {
		return nil, err
	}
	return &shared{file: f}, nil
}

// openNameless creates a file without a name, so that it disappears when this process is killed. dir is the folder; ""
// means the folder for temporary files.
func openNameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "reprise-*")
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("gort: %w", err), f.Close())
	}
	return f, nil
}

// nameOf returns the path by which this process and its children open a nameless file.
func nameOf(f *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()) }

// close releases the mapping and the file.
func (s *shared) close() error {
	var unmap error
	if s.mem != nil {
		unmap = unmapFile(s.mem)
	}
	return errors.Join(unmap, s.file.Close())
}

// prepare writes the header and what a replay needs. The file contains the header, records, texts, the tape, the
// profile or the route, choices, reads, faults, cases, the tape of the recording and its environment in this order, so
// that only the size of the last parts changes between runs.
func (s *shared) prepare(h header, c record.Choices, given []byte, env []record.Call, records,
	tape int) error {
	h.magic, h.version = magic, version
	h.recordsAt, h.recordCap = headerSpace, uint64(records)
	h.textAt = h.recordsAt + h.recordCap*uint64(recordSize)
	h.textCap = textSpace
	parts := [][]record.Record{c.Records, c.Reads, c.Faults, c.Cases}
	n := 0
	for i, counted := range []*uint64{&h.choices, &h.reads, &h.faults, &h.cases} {
		*counted = uint64(len(parts[i]))
		n += len(parts[i])
	}
	h.tapeAt, h.tapeCap = h.textAt+h.textCap, uint64(tape)
	h.profileAt = h.tapeAt + h.tapeCap
	h.choicesAt = (h.profileAt + profileSpace + choiceAlign - 1) / choiceAlign * choiceAlign
	if h.choicesAt > math.MaxUint32 { // the runtime maps the choices with a 32-bit offset
		return fmt.Errorf("gort: no room for %d records; the most are %d", records, maxRecords)
	}
	size := int(h.choicesAt) + n*recordSize + len(given)
	variables := record.AppendCalls(nil, env)
	if len(variables) > 0 {
		h.envAt, h.envLen = uint64(size+choiceAlign-1)/choiceAlign*choiceAlign, uint64(len(variables))
		size = int(h.envAt) + len(variables)
	}
	if len(s.mem) < size {
		if err := s.resize(size); err != nil {
			return err
		}
	}
	*s.header(), s.sent = h, h
	if n > 0 {
		list := s.at(h.choicesAt, n)
		for _, part := range parts {
			list = list[copy(list, part):]
		}
	}
	copy(s.mem[int(h.choicesAt)+n*recordSize:], given)
	copy(s.mem[h.envAt:], variables)
	return nil
}

// tape returns what the run took from outside.
func (s *shared) tape() (record.Tape, error) {
	h := s.header()
	calls, err := record.ParseCalls(s.mem[s.sent.tapeAt:][:min(h.tape, s.sent.tapeCap)])
	if err != nil {
		return record.Tape{}, fmt.Errorf("gort: %w; the program has overwritten memory of the runtime", err)
	}
	return record.Tape{Calls: calls, Cut: h.tapeCut}, nil
}

func (s *shared) resize(size int) error {
	if s.mem != nil {
		if err := unmapFile(s.mem); err != nil {
			return fmt.Errorf("gort: munmap: %w", err)
		}
		s.mem = nil
	}
	if err := s.file.Truncate(int64(size)); err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	mem, err := mapFile(s.file, size)
	if err != nil {
		return fmt.Errorf("gort: mmap %s: %w", s.file.Name(), err)
	}
	s.mem = mem
	return nil
}

func (s *shared) header() *header { return (*header)(unsafe.Pointer(&s.mem[0])) }

// profile returns the counts in the file.
func (s *shared) profile() *strategy.Profile {
	return (*strategy.Profile)(unsafe.Pointer(&s.mem[s.sent.profileAt]))
}

// route returns the route in the file, which is in the place of the profile.
func (s *shared) route() *strategy.Route {
	return (*strategy.Route)(unsafe.Pointer(&s.mem[s.sent.profileAt]))
}

// at returns n records of the mapping.
func (s *shared) at(offset uint64, n int) []record.Record {
	return unsafe.Slice((*record.Record)(unsafe.Pointer(&s.mem[offset])), n)
}

// records returns a copy of the records. It returns an error if the program has overwritten the file, so that the
// records are useless.
func (s *shared) records() ([]record.Record, error) {
	n := min(s.header().records, s.sent.recordCap)
	list := append([]record.Record(nil), s.at(s.sent.recordsAt, int(n))...)
	return list, intact(list)
}

// withoutGoroutine are the kinds of records whose G may be 0.
var withoutGoroutine = []record.Kind{
	record.TimerSet, record.TimerFire, record.TimerStop, record.Expected, record.Actual,
}

// intact checks the properties on which all readers of records rely: goroutines and timers are numbered in the order of
// their starts, and occur only after their starts.
func intact(list []record.Record) error {
	goroutines, timers := uint32(0), uint32(0)
	for i := range list {
		r := &list[i]
		switch r.Kind {
		case record.Spawn:
			goroutines++
		case record.TimerSet:
			timers++
		}
		switch {
		case r.Kind == 0 || r.Kind > record.Uses:
		case r.Kind == record.Spawn && (r.G != goroutines || r.Val>>32 >= uint64(r.G)):
		case r.Kind == record.TimerSet && r.Points != timers:
		case r.G == 0 && !slices.Contains(withoutGoroutine, r.Kind):
		case r.G > goroutines && r.Kind != record.Expected: // G is from the recording, not from this run
		default:
			continue
		}
		return fmt.Errorf("gort: record %d of the run is invalid; the program has overwritten memory of the runtime",
			i)
	}
	return nil
}

// texts returns a copy of the texts by number. Text 0 is empty.
func (s *shared) texts() []string {
	b := s.mem[s.sent.textAt:][:min(s.header().text, s.sent.textCap)]
	list := []string{""}
	for len(b) >= 4 {
		n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		if 4+n > len(b) {
			break
		}
		list = append(list, string(b[4:4+n]))
		b = b[4+n:]
	}
	return list
}

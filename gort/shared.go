package gort

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

// The numbers of the shared file, which the runtime has under the same names with "rpr" in front.
const (
	magic   = 0x31304f47_52505249
	version = 2

	modeLive   = 1
	modeReplay = 2

	flagLeaks    = 1
	flagLeap     = 2
	flagContinue = 4
	flagLoose    = 8
	flagServe    = 16
	flagResync   = 32
)

// header stands at the start of the shared file; the runtime has the same type as rprHeader.
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
	leapMax   uint32
	window    uint32
	follow    uint32
	maxSteps  uint64
	maxTime   int64
	choices   uint64
	choicesAt uint64
	recordsAt uint64
	recordCap uint64
	textAt    uint64
	textCap   uint64

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
	calls   [512]uint32
}

const (
	headerSpace = 4096
	recordSize  = int(unsafe.Sizeof(Record{}))
	textSpace   = 4 << 20
	choiceAlign = 1 << 16 // a multiple of every page size
)

// shared is a shared file and its mapping.
type shared struct {
	file *os.File
	mem  []byte
}

// memoryDir is where Linux keeps files in memory. In containers it is often small, and a process that writes to a
// mapping there beyond what is free is killed.
const memoryDir = "/dev/shm"

// openShared makes a shared file for up to size bytes. It is in memory if there is room for two such files.
func openShared(size int) (*shared, error) {
	dir := ""
	if room(memoryDir) >= 2*uint64(size) {
		dir = memoryDir
	}
	f, err := os.CreateTemp(dir, "reprise-*.run")
	if err != nil && dir != "" {
		f, err = os.CreateTemp("", "reprise-*.run")
	}
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	return &shared{file: f}, nil
}

// close gives everything back.
func (s *shared) close() error {
	var unmap error
	if s.mem != nil {
		unmap = unmapFile(s.mem)
	}
	return errors.Join(unmap, s.file.Close(), os.Remove(s.file.Name()))
}

// prepare writes the header and the choices of a run. The file has the header, records, texts and choices in this order, so
// that only the last part changes its size between runs.
func (s *shared) prepare(h header, choices []Record, records int) error {
	h.magic, h.version = magic, version
	h.recordsAt, h.recordCap = headerSpace, uint64(records)
	h.textAt = h.recordsAt + h.recordCap*uint64(recordSize)
	h.textCap = textSpace
	h.choices = uint64(len(choices))
	h.choicesAt = (h.textAt + h.textCap + choiceAlign - 1) / choiceAlign * choiceAlign
	size := int(h.choicesAt) + len(choices)*recordSize
	if len(s.mem) < size {
		if err := s.resize(size); err != nil {
			return err
		}
	}
	*s.header() = h
	if len(choices) > 0 {
		copy(s.at(h.choicesAt, len(choices)), choices)
	}
	return nil
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

// at returns n records of the mapping.
func (s *shared) at(offset uint64, n int) []Record {
	return unsafe.Slice((*Record)(unsafe.Pointer(&s.mem[offset])), n)
}

// records returns a copy of what was recorded.
func (s *shared) records() []Record {
	h := s.header()
	n := min(h.records, h.recordCap)
	return append([]Record(nil), s.at(h.recordsAt, int(n))...)
}

// texts returns a copy of the texts, of which the first has number 1.
func (s *shared) texts() []string {
	h := s.header()
	b := s.mem[h.textAt:][:min(h.text, h.textCap)]
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

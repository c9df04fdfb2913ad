package event

import "strconv"

// TaskID names a task: the index of its arena slot in the high 32 bits, the generation of the slot in the low 32. An
// index is used again for another task only under a higher generation.
type TaskID uint64

// NewTaskID packs an arena index and a generation.
func NewTaskID(index, generation uint32) TaskID { return TaskID(pack(index, generation)) }

// Index returns the arena index.
func (id TaskID) Index() uint32 { return uint32(id >> 32) }

// Generation returns the generation of the arena slot.
func (id TaskID) Generation() uint32 { return uint32(id) }

// String returns T and the index, such as T3, followed by g and the generation when that is not 0, such as T3g1.
func (id TaskID) String() string { return formatID('T', uint64(id)) }

// RegionID names a region; it is packed like a [TaskID].
type RegionID uint64

// NewRegionID packs an arena index and a generation.
func NewRegionID(index, generation uint32) RegionID { return RegionID(pack(index, generation)) }

// Index returns the arena index.
func (id RegionID) Index() uint32 { return uint32(id >> 32) }

// Generation returns the generation of the arena slot.
func (id RegionID) Generation() uint32 { return uint32(id) }

// String returns R and the index, such as R3, followed by g and the generation when that is not 0, such as R3g1.
func (id RegionID) String() string { return formatID('R', uint64(id)) }

// TimerID names a timer. It is opaque and unique within a run.
type TimerID uint64

// Token names an I/O registration. It is opaque and unique within a run.
type Token uint64

func pack(index, generation uint32) uint64 { return uint64(index)<<32 | uint64(generation) }

func formatID(letter byte, id uint64) string {
	b := strconv.AppendUint([]byte{letter}, id>>32, 10)
	if generation := uint32(id); generation != 0 {
		b = strconv.AppendUint(append(b, 'g'), uint64(generation), 10)
	}
	return string(b)
}

package gort

import (
	"slices"
	"unsafe"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// asRecords returns a script, sorted, as the shared file has it in the place of the choices of a replay.
func asRecords(script strategy.Script) []record.Record {
	if len(script) == 0 {
		return nil
	}
	sorted := slices.Clone(script)
	slices.SortFunc(sorted, strategy.Deviation.Compare)
	return unsafe.Slice((*record.Record)(unsafe.Pointer(&sorted[0])), len(sorted))
}

// The runtime reads deviations where it has records otherwise.
var _ [unsafe.Sizeof(record.Record{})]byte = [unsafe.Sizeof(strategy.Deviation{})]byte{}

package record

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/strategy"
)

// TestKeptSteps: steps are read as they were written, and not if some of them are missing.
func TestKeptSteps(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) uint64 {
		return rapid.SampledFrom([]uint64{0, 1, 7, 1 << 63, math.MaxUint64}).Draw(t, "n")
	})
	step := rapid.Custom(func(t *rapid.T) dpor.Step {
		x := dpor.Step{Idle: rapid.Bool().Draw(t, "idle"), Anything: rapid.Bool().Draw(t, "anything")}
		x.Choices = rapid.SliceOfN(number, 1, 3).Draw(t, "choices")
		x.Task = rapid.SampledFrom(x.Choices).Draw(t, "task")
		x.Others = append(x.Others, rapid.SliceOfN(number, 0, 2).Draw(t, "others")...)
		for _, n := range rapid.SliceOfN(number, 0, 3).Draw(t, "uses") {
			x.Uses = append(x.Uses, strategy.Op{Object: n, Kind: strategy.OpKind(rapid.IntRange(0, 2).Draw(t, "kind"))})
		}
		for range rapid.IntRange(0, 2).Draw(t, "cases") {
			x.Cases = append(x.Cases, strategy.Branch{Taken: rapid.Uint16().Draw(t, "taken"), N: rapid.Uint16().Draw(t, "of")})
		}
		return x
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(step, 1, 5).Draw(t, "steps")
		line, err := json.Marshal(KeepSteps(want))
		if err != nil {
			t.Fatal(err)
		}
		var kept KeptSteps
		if err := json.Unmarshal(line, &kept); err != nil {
			t.Fatal(err)
		}
		got, err := kept.Steps()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v become %+v, %v", want, got, err)
		}
		kept.List = kept.List[:len(kept.List)-1]
		if got, err := kept.Steps(); err == nil && len(got) >= len(want) {
			t.Errorf("without the last number, %+v become %+v", want, got)
		}
	})
}

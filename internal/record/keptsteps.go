package record

import (
	"errors"
	"slices"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/strategy"
)

// KeptSteps are the steps of a run in a form that is kept in a file. Tasks and objects are large numbers that occur
// often, so that the steps have their positions in a list.
type KeptSteps struct {
	Numbers []uint64 `json:"numbers"`
	// List has for each step its flags, its task, its choices, its other tasks, its uses (object and kind) and its cases
	// (taken and number), each list with its length in front. A step is idle with flag 1, and uses anything with flag 2.
	List []int `json:"list"`
}

const (
	stepIdle = 1 << iota
	stepUsesAnything
)

var errKeptSteps = errors.New("record: the steps of a kept run are not whole")

// KeepSteps returns the steps of a run, as of [Recording.Walk], as they are kept.
func KeepSteps(steps []dpor.Step) *KeptSteps {
	k, at := &KeptSteps{}, map[uint64]int{}
	number := func(n uint64) int {
		i, ok := at[n]
		if !ok {
			i = len(k.Numbers)
			k.Numbers, at[n] = append(k.Numbers, n), i
		}
		return i
	}
	list := func(numbers []uint64) {
		k.List = append(k.List, len(numbers))
		for _, n := range numbers {
			k.List = append(k.List, number(n))
		}
	}
	for _, x := range steps {
		flags := 0
		if x.Idle {
			flags |= stepIdle
		}
		if x.Anything {
			flags |= stepUsesAnything
		}
		k.List = append(k.List, flags, number(x.Task))
		list(x.Choices)
		list(x.Others)
		k.List = append(k.List, len(x.Uses))
		for _, op := range x.Uses {
			k.List = append(k.List, number(op.Object), int(op.Kind))
		}
		k.List = append(k.List, len(x.Cases))
		for _, b := range x.Cases {
			k.List = append(k.List, int(b.Taken), int(b.N))
		}
	}
	return k
}

// Steps returns the steps, or an error if the file was damaged.
func (k *KeptSteps) Steps() (steps []dpor.Step, err error) {
	r := stepReader{numbers: k.Numbers, rest: k.List}
	for len(r.rest) > 0 && !r.bad {
		flags := r.next(stepIdle | stepUsesAnything)
		x := dpor.Step{Idle: flags&stepIdle != 0, Anything: flags&stepUsesAnything != 0, Task: r.number()}
		x.Choices, x.Others = r.list(), r.list()
		for range r.length(2) {
			x.Uses = append(x.Uses, strategy.Op{Object: r.number(), Kind: strategy.OpKind(r.next(int(strategy.Sync)))})
		}
		for range r.length(2) {
			x.Cases = append(x.Cases, strategy.Branch{Taken: uint16(r.next(1<<16 - 1)), N: uint16(r.next(1<<16 - 1))})
		}
		r.bad = r.bad || !slices.Contains(x.Choices, x.Task)
		steps = append(steps, x)
	}
	if r.bad {
		return nil, errKeptSteps
	}
	return steps, nil
}

// stepReader reads kept steps. After the first number that is not possible it returns zeros.
type stepReader struct {
	numbers []uint64
	rest    []int
	bad     bool
}

// next returns the next number, which is from 0 to most.
func (r *stepReader) next(most int) int {
	if r.bad = r.bad || len(r.rest) == 0 || r.rest[0] < 0 || r.rest[0] > most; r.bad {
		return 0
	}
	n := r.rest[0]
	r.rest = r.rest[1:]
	return n
}

// number returns the large number at the next position.
func (r *stepReader) number() uint64 {
	if i := r.next(len(r.numbers) - 1); !r.bad {
		return r.numbers[i]
	}
	return 0
}

// length returns the length of a list whose elements take a number of places.
func (r *stepReader) length(places int) int { return r.next(len(r.rest) / places) }

func (r *stepReader) list() (list []uint64) {
	for range r.length(1) {
		list = append(list, r.number())
	}
	return list
}

package dpor

import (
	"cmp"
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// footprint says what a step uses. The zero footprint is that of a step that uses nothing.
type footprint struct {
	ops   []strategy.Op // by object, one for each
	other bool          // it uses something that may be anything
}

// add adds an operation. Of two on one object, the one that is no load counts.
func (f *footprint) add(op strategy.Op) {
	i, found := slices.BinarySearchFunc(f.ops, op, func(a, b strategy.Op) int { return cmp.Compare(a.Object, b.Object) })
	if !found {
		f.ops = slices.Insert(f.ops, i, op)
	} else if f.ops[i].Kind == strategy.Load {
		f.ops[i].Kind = op.Kind
	}
}

// join adds what another step uses. The other step keeps its footprint.
func (f *footprint) join(g *footprint) {
	f.other = f.other || g.other
	f.ops = slices.Clone(f.ops)
	for _, op := range g.ops {
		f.add(op)
	}
}

// depends reports whether the order of two steps of different tasks matters.
func (f *footprint) depends(g *footprint) bool {
	if f.other || g.other {
		return (f.other || len(f.ops) > 0) && (g.other || len(g.ops) > 0)
	}
	for i, j := 0, 0; i < len(f.ops) && j < len(g.ops); {
		switch a, b := f.ops[i], g.ops[j]; {
		case a.Object < b.Object:
			i++
		case a.Object > b.Object:
			j++
		case a.Kind != strategy.Load || b.Kind != strategy.Load:
			return true
		default:
			i, j = i+1, j+1
		}
	}
	return false
}

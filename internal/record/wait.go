package record

// Given returns the calls of the tape that a replay is given: all but those of the environment. For those before which
// their goroutine waited for the outside, they say for how many choices.
func (c *Choices) Given() []Call {
	list := c.Tape.Outside()
	w := waiting{stopped: map[uint32]int{}, let: map[uint32]uint32{}}
	next := 0
	for i := range list {
		call := &list[i]
		for ; next < len(c.Records) && next < int(call.Turn); next++ {
			w.take(next, &c.Records[next])
		}
		call.wait = w.let[call.G]
		delete(w.let, call.G) // it was for this call
	}
	return list
}

// waiting follows choices, and knows how long goroutines have waited for the outside.
type waiting struct {
	stopped map[uint32]int    // by goroutine, the number of choices when it last ran
	let     map[uint32]uint32 // by goroutine that was let in and made no call since, 1 + the choices that it waited for
}

// take follows the choice with an index.
func (w *waiting) take(i int, r *Record) {
	if r.Kind == Admit {
		w.let[r.G] = 1 + uint32(i-w.stopped[r.G])
		return
	}
	w.stopped[r.G] = i + 1
}

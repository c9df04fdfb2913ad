package gort

// Failure is a stand-in.
func (o *Outcome) Failure() string { return string(o.Output) }

// Class is a stand-in.
func (o *Outcome) Class() string { return o.Verdict.String() }

// Signature is a stand-in.
func (o *Outcome) Signature() string { return "00" + o.Verdict.String() }

// Schedule is a stand-in.
func (o *Outcome) Schedule(int) string { return "" }

// Goroutines is a stand-in.
func (o *Outcome) Goroutines() string { return "" }

// OutsideText is a stand-in.
func (o *Outcome) OutsideText() string { return "" }

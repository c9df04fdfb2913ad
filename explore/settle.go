package explore

import "github.com/reprise-go/reprise/internal/finding"

// Settle gives failing runs, in the order in which they were taken, the signatures of their causes. Those that are the
// first of their signature are made as small as possible before, if at all, and explained. A run whose cause is that of
// an earlier one fails as that does from then on: what seemed to be two findings is one.
func (c *Campaign) Settle(runs ...*Run) {
	for _, r := range runs {
		if r.Finding.Found == "" {
			c.settle(r)
		}
	}
}

// settle settles one run, which is not settled.
func (c *Campaign) settle(r *Run) {
	f := r.Finding
	first := c.seen[f.Signature]
	if f.Like != "" && first != nil && first.Finding.Found != "" {
		joinsCause(f, first.Finding)
		return
	}
	f.Settle()
	if f.Like != "" {
		return
	}
	for _, earlier := range c.settled {
		if g := earlier.Finding; g.SameCause(f) {
			g.Failed += f.Failed
			c.seen[f.Found] = earlier
			joinsCause(f, g)
			return
		}
	}
	c.settled = append(c.settled, r)
}

// joinsCause makes f one of the findings that g is the first of.
func joinsCause(f, g *finding.Finding) {
	f.Found, f.Signature, f.Like = f.FoundAs(), g.Signature, g.Name
}

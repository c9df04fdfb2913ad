package strategy

// The mix is a portfolio: each run has another strategy, chosen by its seed, because no strategy is the best for all
// programs.
//
//  1. A run that the profile expects to be short has one of shortShares. They follow the measurements in package
//     sctbench: SURW and RFF need the fewest schedules for most programs there, each for some where no other strategy
//     comes close; the rest find what is rare for both.
//  2. A run with more than [longRun] contested points has one of longShares, which make few decisions. If it were
//     preempted at every other point, it would take long and its recording would be large, and most bugs need few
//     preemptions. With more than [manyTasks] tasks it is a random walk, since PCT looks at all that are ready in each
//     decision, and its chance to find a bug falls with their number.
//  3. A random walk is preempted at nearly every point, hardly ever, or something between. The mean gap of a short run
//     is one of shortGaps. In a long run the mean number of preemptions is one of longCounts.
var _ = Register(&Strategy{
	Name:  "mix",
	About: "another strategy for each seed, with no, few or many preemptions",
	Parameters: []Parameter{
		{"gap", "mean number of points between two preemptions, for the seeds of a random walk"},
		{"depth", "number of changes of priorities, for the seeds of pct"},
		{"length", "expected number of points at which more than one task is ready, for the seeds of pct"},
	},
	Profiled: true,
	Dense:    true,
	New:      newMix,
})

// The strategies of the mix, each as often as it is chosen. Their order means nothing, but a change of it gives other
// strategies to most seeds, and a change of few places does not.
var (
	shortShares = [...]string{
		"surw", "surw", "surw", "surw", "rff", "rff", "rff", "rff", "rff", "pos", "urw", "pct", "rff", "random", "random",
		"surw",
	}
	longShares = [...]string{"pct", "random", "random"}
)

var (
	shortGaps  = [...]uint64{1, 1, 3, 10, 100, 1 << 20}
	longCounts = [...]uint64{1, 4, 16, 64, 256, 1024}
)

// longRun is the number of contested points above which a run is long.
const longRun = 1 << 14

// manyTasks is the number of tasks above which a long run is a random walk. A profile has no room for many more if they
// use several objects each.
const manyTasks = 1 << 8

func newMix(c Config) Picker {
	r := NewRand(c.Seed, Label("mix"))
	name, gap := shortShares[r.Below(uint64(len(shortShares)))], shortGaps[r.Below(uint64(len(shortGaps)))]
	if c.Profile != nil && c.Profile.Contested > longRun {
		if name = longShares[r.Below(uint64(len(longShares)))]; c.Profile.Tasks > manyTasks {
			name = "random"
		}
		gap = c.Profile.Contested / longCounts[r.Below(uint64(len(longCounts)))]
	}
	if c.Gap == 0 {
		c.Gap = gap
	}
	return Find(name).New(c)
}

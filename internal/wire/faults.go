package wire

import (
	"math"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/internal/fault"
)

// NetworkFaults is a value of [Faults]. The zero NetworkFaults means none.
type NetworkFaults struct {
	Kinds uint32 // a bit for each fault.Kind that is drawn
	Rate  int    // of a million operations at which a fault is possible, how many meet one
}

// allFaults is the name of all kinds of faults together.
const allFaults = "net"

// defaultFaultRate is the rate of faults if none is given.
const defaultFaultRate = 20_000

// faultsForm describes what [Faults] accepts.
var faultsForm = allFaults + " or kinds of faults (" + strings.Join(fault.Names(), ", ") +
	"), and how often, such as net, net=5% or short,latency=0.5%"

// everyFault returns the bits of all kinds.
func everyFault() (bits uint32) {
	for _, name := range fault.Names() {
		k, _ := fault.KindOf(name)
		bits |= 1 << k
	}
	return bits
}

func parseFaults(s string) (f NetworkFaults, ok bool) {
	kinds, rate, given := strings.Cut(s, "=")
	f.Rate = defaultFaultRate
	if given {
		x, valid := parseShare(rate)
		if f.Rate = int(math.Round(x * 1e6)); !valid || f.Rate == 0 {
			return f, false
		}
	}
	for name := range strings.SplitSeq(kinds, ",") {
		k, known := fault.KindOf(name)
		switch {
		case name == allFaults:
			f.Kinds |= everyFault()
		case known:
			f.Kinds |= 1 << k
		default:
			return f, false
		}
	}
	return f, true
}

// parseShare parses a percentage above 0 and up to 100, as a number from 0 to 1.
func parseShare(s string) (float64, bool) {
	digits, ok := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	return x / 100, ok && err == nil && x > 0 && x <= 100
}

// String returns the text of f as a value of [Faults], "" for none.
func (f NetworkFaults) String() string {
	if f.Kinds == 0 || f.Rate == 0 {
		return ""
	}
	var names []string
	for _, name := range fault.Names() {
		if k, _ := fault.KindOf(name); f.Kinds&(1<<k) != 0 {
			names = append(names, name)
		}
	}
	if f.Kinds == everyFault() {
		names = []string{allFaults}
	}
	return strings.Join(names, ",") + "=" + strconv.FormatFloat(float64(f.Rate)/1e4, 'f', -1, 64) + "%"
}

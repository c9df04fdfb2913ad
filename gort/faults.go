package gort

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/internal/prose"
)

// faultText tells a fault of the network as something that the goroutine does. occasion is the text "HERE THERE BYTES
// DOES" of the runtime: the addresses of the goroutine's end and of the other one, how many bytes could be moved, and
// whether the goroutine dials, reads, writes or sends a datagram.
func faultText(f fault.Fault, occasion string) string {
	here, rest, _ := strings.Cut(occasion, " ")
	there, rest, _ := strings.Cut(rest, " ")
	most, does, _ := strings.Cut(rest, " ")
	way := "from " + here + " to " + there
	if does == "reads" {
		way = "from " + there + " to " + here
	}
	what := does
	if does == "sends" {
		what = "sends a datagram"
	}
	took := time.Duration(min(f.Amount, 1<<62)).Round(time.Microsecond).String()
	if does == "parts" {
		return fmt.Sprintf("lets nothing pass between %s and %s for %s (fault)", here, there, took)
	}
	switch f.Kind {
	case fault.Short:
		all, _ := strconv.Atoi(most)
		return fmt.Sprintf("%s %s of %s bytes %s (fault)", does, prose.Grouped(int(f.Amount)), prose.Grouped(all), way)
	case fault.Reset:
		return fmt.Sprintf("%s %s and finds the connection reset (fault)", does, way)
	case fault.Refuse:
		return fmt.Sprintf("dials %s and is refused (fault)", way)
	case fault.Latency, fault.Stall:
		return fmt.Sprintf("%s %s, which takes %s (fault)", what, way, took)
	case fault.Bandwidth:
		return fmt.Sprintf("%s %s, which passes %s bytes a second from here on (fault)", does, way,
			prose.Grouped(int(f.Amount)))
	case fault.Loss:
		return fmt.Sprintf("sends a datagram %s, which is lost (fault)", way)
	case fault.Partition:
		return fmt.Sprintf("%s %s, between which nothing passes for %s (fault)", what, way, took)
	}
	return f.Kind.String()
}

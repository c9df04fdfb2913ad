package report_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// In a job of GitHub Actions such a line becomes an annotation of the run; its text goes on with the probable cause.
func ExampleOf() {
	recorded, other := event.NewTrace(event.NewMetadata(7)), event.NewTrace(event.NewMetadata(7))
	recorded.Append(event.RngValue(3))
	other.Append(event.RngValue(4))
	d, err := divergence.Compare(source.FromTrace(recorded), source.FromTrace(other))
	if err != nil {
		log.Fatal(err)
	}
	line, _, _ := strings.Cut(report.Of(d).GitHub(), "%0A")
	fmt.Println(strings.ReplaceAll(line, "::event", "::\nevent"))
	// Output:
	// ::error title=RPR1006 rng-mismatch at event 0::
	// event 0, virtual time 0s: rng-mismatch: expected RngValue value=3, got RngValue value=4
}

package base

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// TestNameBookForgets: however many names it is told of, and however long, it keeps little more than was read.
func TestNameBookForgets(t *testing.T) {
	in, err := source.NewReader(strings.NewReader(`{"version":1,"seed":1,"recorded_at":0,"config_hash":0}`+"\n"),
		source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{1, 4000} {
		b, most := NewNameBook(in), 0
		text := strings.Repeat("n", length)
		for i := range event.TaskID(30_000) {
			keep(b, b.tasks, i, fmt.Sprint(text, i))
			most = max(most, len(b.tasks))
			if got := b.task(i); got != fmt.Sprint(text, i) {
				t.Fatalf("task %d is %.20q", i, got)
			}
		}
		if bytes := most * (length + nameOverhead); bytes > freeNameBytes+length+1000 || bytes < freeNameBytes/2 {
			t.Errorf("names of %d bytes: it keeps %d of 30,000, %d bytes", length, most, bytes)
		}
	}
}

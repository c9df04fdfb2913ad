package traceview_test

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
	"github.com/reprise-go/reprise/traceview"
)

// Two workers take turns. The line shows who ran in each turn and how the turn ended; the text has a column a task.
func ExampleRead() {
	var file bytes.Buffer
	cfg := simsched.Config{Program: "workers", Seed: 4}
	w, err := tracefile.NewWriter(&file, cfg.Metadata(), tracefile.Config{})
	if err != nil {
		log.Fatal(err)
	}
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sink: w})
	if err != nil {
		log.Fatal(err)
	}
	err = r.Run(cfg, func(s *simsched.Sim) error {
		for _, name := range []string{"left", "right"} {
			s.Go(name, func() error { s.Yield(); return nil })
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	stream, err := source.NewReader(&file, source.Config{})
	if err != nil {
		log.Fatal(err)
	}
	m, err := traceview.Read(stream, traceview.Options{Focus: -1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Line())
	if err := m.WriteText(os.Stdout, 80); err != nil {
		log.Fatal(err)
	}
	// Output:
	// S0-S1Y1E0E2Y2
	// workers, seed 0x4: 6 turns, 3 tasks
	//
	// decision      time  T0 main             T1 left             T1g1 right
	//        1        0s  starts T1
	//        3        0s                      yields
	//        4        0s                      ends
	//        5        0s  starts T1g1, ends
	//        6        0s                                          yields
	//        7        0s                                          ends
	//
	// in one line: S0-S1Y1E0E2Y2
}

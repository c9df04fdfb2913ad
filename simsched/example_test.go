package simsched_test

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/simsched"
)

// Two tasks and a channel, in virtual time.
func ExampleRun() {
	err := simsched.Run(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
		answers := simsched.NewChan[string](s, "answers", 0)
		s.Go("slow", func() error {
			s.Sleep(time.Hour) // takes no real time
			answers.Send("done")
			return nil
		})
		text, _ := answers.Recv()
		fmt.Println(text, s.Elapsed())
		return nil
	})
	fmt.Println(err)
	// Output:
	// done 1h0m0s
	// <nil>
}

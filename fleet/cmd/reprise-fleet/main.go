// Command reprise-fleet runs the tests that `reprise test` runs on many machines, which share the work through NATS
// JetStream. "reprise-fleet help" lists its commands.
package main

import (
	"os"

	"github.com/reprise-go/reprise/fleet"
)

func main() {
	os.Exit(fleet.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Command reprise records, reads, compares and replays concurrent runs, and explores the schedules of ordinary Go
// tests. "reprise help" lists its commands.
package main

import (
	"os"

	"github.com/reprise-go/reprise/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

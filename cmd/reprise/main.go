// Command reprise reads, compares and converts recordings of concurrent runs, and shows on a small program what they
// are good for. "reprise help" lists its commands.
package main

import (
	"os"

	"github.com/reprise-go/reprise/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Command reprise-vet is a tool for go vet that finds what a simulated test must not do; see package analysis.
//
//	go install github.com/reprise-go/reprise/cmd/reprise-vet@latest
//	go vet -vettool=$(which reprise-vet) ./...
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/reprise-go/reprise/analysis"
)

func main() { unitchecker.Main(analysis.Analyzer) }

package ordinary

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/gort"
)

func difference(expected, actual *gort.Outcome) (*divergence.Divergence, error) { return nil, nil }

package base

import (
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// ParseKind parses the name of a kind.
func ParseKind(name string) (event.Kind, error) {
	k, ok := event.KindByName(name)
	if !ok {
		return 0, Usage("unknown kind %q; the kinds are %s", name, strings.Join(KindNames(), ", "))
	}
	return k, nil
}

func KindNames() []string {
	var names []string
	for k := range event.Kinds() {
		names = append(names, k.String())
	}
	return names
}

// ParseIDs returns the texts that are identifiers: a letter, an index, and "g" and the generation if it is not 0.
func ParseIDs(texts []string, letter byte) (ids []uint64) {
	for _, s := range texts {
		if s == "" || s[0] != letter {
			continue
		}
		index, generation, has := strings.Cut(s[1:], "g")
		if !has {
			generation = "0"
		}
		i, err := strconv.ParseUint(index, 10, 32)
		g, failure := strconv.ParseUint(generation, 10, 32)
		if err == nil && failure == nil {
			ids = append(ids, i<<32|g)
		}
	}
	return ids
}

package gort

import (
	"strings"
	"testing"
)

func TestWithTags(t *testing.T) {
	for _, test := range [][2]string{
		{"", "-tags=netgo,osusergo"},
		{"-race ./...", "-tags=netgo,osusergo -race ./..."},
		{"-tags=a,b -v .", "-tags=a,b,netgo,osusergo -v ."},
		{"-v --tags a . -args -tags=c", "-tags=a,netgo,osusergo -v . -args -tags=c"},
		{"-v --tags a . --args -tags c", "-tags=a,netgo,osusergo -v . --args -tags c"},
		{"--args", "-tags=netgo,osusergo --args"},
		{"-tags=a -tags=b .", "-tags=b,netgo,osusergo ."}, // the last one counts, as in the go command
	} {
		if got := strings.Join(WithTags(strings.Fields(test[0])), " "); got != test[1] {
			t.Errorf("WithTags(%q) = %q, want %q", test[0], got, test[1])
		}
	}
}

package gort

import (
	"runtime/debug"
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
		if got := strings.Join(withTags(strings.Fields(test[0])), " "); got != test[1] {
			t.Errorf("withTags(%q) = %q, want %q", test[0], got, test[1])
		}
	}
}

// TestUserFlags: the flags of a build are those of its settings, without those that a controlled build adds.
func TestUserFlags(t *testing.T) {
	settings := []debug.BuildSetting{
		{Key: "-buildmode", Value: "exe"}, {Key: "-compiler", Value: "gc"}, {Key: "-race", Value: "true"},
		{Key: "-tags", Value: "a,b," + controlTags}, {Key: "-gcflags", Value: "all=-N -l"},
		{Key: "CGO_ENABLED", Value: "1"}, {Key: "GOARCH", Value: "arm64"}, {Key: "-tags", Value: controlTags},
	}
	for _, flag := range memoryFlags([]string{"sync"}, []string{"example.com/m/..."}) {
		if value := strings.TrimPrefix(flag, "-gcflags="); value != "sync/...=" {
			settings = append(settings, debug.BuildSetting{Key: "-gcflags", Value: value})
		}
	}
	if got := strings.Join(userFlags(settings), " "); got != "-race -tags=a,b -gcflags=all=-N -l" {
		t.Errorf("the flags are %s", got)
	}
}

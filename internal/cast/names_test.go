package cast

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		fn, short          string
		library, machinery bool
	}{
		{"sync.(*Mutex).Lock", "sync.(*Mutex).Lock", true, true},
		{"sync/atomic.StoreInt32", "atomic.StoreInt32", true, true},
		{"internal/sync.(*Mutex).Lock", "sync.(*Mutex).Lock", true, true},
		{"testing.tRunner", "testing.tRunner", true, true},
		{"panic", "panic", true, true},
		{"os/exec.(*Cmd).Start.gowrap1", "exec.(*Cmd).Start", true, false},
		{"slices.SortFunc[go.shape.[]example.com/bank.Account,example.com/bank.Account]", "slices.SortFunc[...]", true,
			false},
		{"vendor/golang.org/x/net/idna.ToASCII", "idna.ToASCII", true, false},
		{"main.main", "main.main", false, false},
		{"go.uber.org/zap.(*Logger).Info", "zap.(*Logger).Info", false, false},
		{"golang.org/x/sync/errgroup.(*Group).Go.func1", "errgroup.(*Group).Go.func1", false, false},
		{"gopkg.in/yaml%2ev3.Marshal", "yaml.v3.Marshal", false, false},
		{"example.com/bank.(*Bank[go.shape.int]).serve-fm", "bank.(*Bank[...]).serve", false, false},
		{"example.com/bank.(*Bank).get.deferwrap1", "bank.(*Bank).get", false, false},
		{"example.com/sync.Lock", "sync.Lock", false, false},
	} {
		if got := ShortFunc(test.fn); got != test.short || Library(test.fn) != test.library ||
			Machinery(test.fn) != test.machinery {
			t.Errorf("%s: %s, library %v, machinery %v", test.fn, got, Library(test.fn), Machinery(test.fn))
		}
	}
}

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		"at /home/me/src/x_test.go:12 \t":             "at x_test.go:12",
		"Error Trace:\t/a/b.go:1":                     "Error Trace:\tb.go:1",
		"pointer 0xc000018408, 0x3453ed4f2278, 0x5a1": "pointer 0x…, 0x…, 0x5a1",
		"seed 0x1234567890abcdef of /etc/hosts":       "seed 0x1234567890abcdef of /etc/hosts",
	} {
		if got := Scrub(in); got != want {
			t.Errorf("Scrub(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestLibraryRootsSorted(t *testing.T) {
	if !slices.IsSorted(libraryRoots) {
		t.Error("the list is not sorted")
	}
}

package gotest

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
)

// TestReached: runs are counted once for each assertion, however often it emits.
func TestReached(t *testing.T) {
	var r reached
	some := record.Assertion{Kind: "Sometimes", Message: "retried", File: "x.go", Line: 3}
	r.add([]record.Assertion{some, some})
	some.True = true
	r.add([]record.Assertion{some, {Kind: "Always", Message: "sum", True: true}})
	r.add(nil)
	if a := r["retried"]; *a != (assertion{"Sometimes", "retried", "x.go:3", 2, 1}) || !a.satisfied() {
		t.Errorf("%+v", a)
	}
	if a := r["sum"]; a.Reached != 1 || !a.satisfied() || (&assertion{Kind: "Sometimes", Reached: 5}).satisfied() ||
		(&assertion{Kind: "Reachable"}).satisfied() || !(&assertion{Kind: "Unreachable"}).satisfied() {
		t.Errorf("%+v", a)
	}
}

// TestAssertionsIn: assertions are found by their import, under any name, with literal messages.
func TestAssertionsIn(t *testing.T) {
	const src = `package x

import sdk "github.com/antithesishq/antithesis-sdk-go/assert"

func f(ok bool, m string) {
	sdk.Sometimes(ok, "a", nil)
	sdk.Reachable("b", nil)
	sdk.Always(ok, m, nil)
	sdk.Unreachable("c", nil)
	other.Always(ok, "d", nil)
}
`
	var got []string
	for _, a := range assertionsIn("dir/x.go", []byte(src)) {
		got = append(got, a.Kind+" "+a.Message+" "+a.At)
	}
	if want := "Sometimes a x.go:6, Reachable b x.go:7"; strings.Join(got, ", ") != want {
		t.Errorf("found %q, want %s", got, want)
	}
	const foreign = "package x\nimport \"assert\"\nfunc f() { assert.Sometimes(true, \"a\") }"
	if list := assertionsIn("x.go", []byte(foreign)); list != nil {
		t.Errorf("without the import: %+v", list)
	}
}

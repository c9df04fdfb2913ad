package record

import (
	"slices"
	"testing"
)

// TestAssertions: evaluations are read, the catalog of an instrumented program and what is no JSON is skipped.
func TestAssertions(t *testing.T) {
	const text = `{"antithesis_sdk":{"sdk_version":"0.9.0"}}
{"antithesis_assert":{"hit":true,"must_hit":true,"assert_type":"always","display_type":"Always","message":"sum","condition":false,"id":"sum","location":{"class":"bank","function":"Move","file":"/m/bank.go","begin_line":7}}}
{"antithesis_assert":{"hit":false,"display_type":"Sometimes","message":"catalog"}}
{"antithesis_assert":{"hit":true,"display_type":"Always","message":"Go application under test compiled with CGO enabled"}}
no JSON {
{"antithesis_assert":{"hit":true,"display_type":"Reachable","message":"here","condition":true}}
{"antithesis_setup":{}}
{"antithesis_assert":"x"}
{"antithesis_assert":{"hit":true,"display_type":"Unre`
	want := []Assertion{
		{"Always", "sum", false, "bank.go", 7, "Move"}, {"Reachable", "here", true, ".", 0, ""},
	}
	got := Assertions([]byte(text))
	if !slices.Equal(got, want) {
		t.Fatalf("%+v", got)
	}
	if !got[0].Violated() || got[1].Violated() {
		t.Errorf("violated: %v, %v", got[0].Violated(), got[1].Violated())
	}
	for kind, violated := range map[string]bool{"Unreachable": true, "AlwaysOrUnreachable": true, "Sometimes": false} {
		if (Assertion{Kind: kind}).Violated() != violated || (Assertion{Kind: kind, True: true}).Violated() {
			t.Errorf("%s that is false: %v", kind, !violated)
		}
	}
}

func FuzzAssertions(f *testing.F) {
	f.Add([]byte(`{"antithesis_assert":{"hit":true,"message":"x"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if list := Assertions(b); len(list) > maxAssertions {
			t.Errorf("%d assertions", len(list))
		}
	})
}

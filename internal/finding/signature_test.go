package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFold: what counts as equal, and what does not.
func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"balance is 20":                "balance is #",
		"balance is -3.5e+7":           "balance is #",
		"balance is 0x1f":              "balance is #",
		"at 0xc000012345, goroutine 7": "at #, goroutine #",
		"got [1 2 3] after 1m2.5s":     "got [#] after #",
		"got [4] after 3µs":            "got [#] after #",
		"got [] after 12ms":            "got [] after #",
		"dial 127.0.0.1:8080":          "dial #",
		"1_000 of 10MB":                "# of #MB",
		"race in v1.work1":             "race in v1.work1",
		"pkg.TestX.func1.2":            "pkg.TestX.func1.2",
		"x_test.go:41: lost 3":         "x_test.go:41: lost #",
		"x.go:41:7: lost":              "x.go:41:#: lost",
		"task clerk-12 waits":          "task clerk-# waits",
		"/tmp/TestX1234567/001/f2.txt": "/tmp/TestX#/#/f2.txt",
		"a-1, a -1, (-1), x=-1":        "a-#, a #, (#), x=#",
		"größe7 is 5":                  "größe7 is #",
		"bad \xff5":                    "bad \xff#",
		"1-2+3":                        "#",
	} {
		if got := fold(text); got != want {
			t.Errorf("fold(%q) = %q, want %q", text, got, want)
		}
	}
}

// piece is a part of a text, with whether its number counts.
type piece struct {
	form   string
	counts bool
}

var pieces = []piece{
	{"%d", false}, {"-%d", false}, {"%dms", false}, {"0x%x", false}, {"(%d)", false}, {"\"%d\"", false}, {"[%d]", false},
	{"worker%d", true}, {"v%d.run", true}, {"f.go:%d", true}, {"x_%d", true}, {"pkg.F.func%d", true}, {"T.func1.%d", true},
}

// TestFoldLaws: a text with other numbers where they stand alone has the same fold, one with another number in an
// identifier or a line has another, and folding twice is folding once.
func TestFoldLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces")
		numbers := rapid.SliceOfN(rapid.IntRange(0, 99_999), len(list), len(list)).Draw(t, "numbers")
		write := func() string {
			words := make([]string, len(list))
			for i, p := range list {
				words[i] = fmt.Sprintf(p.form, numbers[i])
			}
			return strings.Join(words, " is ")
		}
		before := write()
		change := rapid.IntRange(0, len(list)-1).Draw(t, "change")
		numbers[change] += rapid.IntRange(1, 1000).Draw(t, "by")
		numbers[change] %= 100_000
		after := write()
		if same := fold(before) == fold(after); same == list[change].counts && before != after {
			t.Fatalf("%q and %q have folds %q and %q", before, after, fold(before), fold(after))
		}
		if once := fold(before); fold(once) != once {
			t.Fatalf("%q is folded to %q and then to %q", before, once, fold(once))
		}
		if same := Sign("c", before) == Sign("c", after); same == list[change].counts && before != after {
			t.Fatalf("the signatures of %q and %q are equal: %v", before, after, same)
		}
	})
}

// FuzzFold: folding ends, is stable, and makes nothing longer.
func FuzzFold(f *testing.F) {
	for _, s := range []string{
		"", "a1.2", "-1", "0x…", "#1", "1e+1", ".go:7", "\xff1", "…1", "1…", "0…0", "0xg…1", "a.0x…1", "0x1…g…1",
		"0A000000", "A000000.0", "a.0x000000…1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold(s)
		if len(once) > len(s) || fold(once) != once {
			t.Errorf("%q is folded to %q and then to %q", s, once, fold(once))
		}
	})
}

// TestSign: a signature depends on the class, on each part and on where parts begin.
func TestSign(t *testing.T) {
	seen := map[string]string{}
	for name, sign := range map[string]string{
		"base": Sign("panic", "lost 1", "f"), "class": Sign("error", "lost 1", "f"), "part": Sign("panic", "found 1", "f"),
		"cut": Sign("panic", "lost 1f", ""), "order": Sign("panic", "f", "lost 1"), "fewer": Sign("panic", "lost 1"),
	} {
		if len(sign) != 16 || seen[sign] != "" {
			t.Errorf("%s has the signature %q, as %s has", name, sign, seen[sign])
		}
		seen[sign] = name
	}
	if a, b := Sign("panic", "lost 1", "f"), Sign("panic", "lost 2", "f"); a != b {
		t.Errorf("signatures %s and %s of one cause", a, b)
	}
	if got, want := Sign("panic", "lost 1", "f"), "eaf2bd487bc01775"; got != want {
		t.Errorf("the signature is %s, was %s; known findings are known by it", got, want)
	}
}

func TestSet(t *testing.T) {
	if got := Set([]string{"b 2", "a", "b 1", "a"}); !slices.Equal(got, []string{"a", "b #"}) {
		t.Errorf("Set returns %q", got)
	}
}

// TestAlike: the line of the code and numbers do not matter, nor what follows the first line; names do.
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"x_test.go:16: 1 items left", "  x_test.go:29: 2 items left\nmore", true},
		{"x_test.go:16: 1 items left", "y_test.go:16: 1 items left", false},
		{"data race", "deadlock", false},
		{"", "", true},
	} {
		if got := Alike(c.a, c.b); got != c.want {
			t.Errorf("Alike(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

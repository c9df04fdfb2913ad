package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTable: names are unique and named alike, every row has a form, a writer and a reader.
func TestTable(t *testing.T) {
	names, flags := map[string]bool{}, map[string]bool{"": true}
	for _, s := range Settings() {
		if names[s.Env] || !strings.HasPrefix(s.Env, prefix) {
			t.Errorf("%s: not a name of its own that begins with %s", s.Env, prefix)
		}
		if s.Flag != "" && (flags[s.Flag] || s.Env != prefix+strings.ToUpper(strings.ReplaceAll(s.Flag, "-", "_")) ||
			s.Help == "") {
			t.Errorf("%s: the flag %q is not named like it, or has no help", s.Env, s.Flag)
		}
		names[s.Env], flags[s.Flag] = true, true
		if s.Form == "" || len(s.Writers) == 0 || len(s.Readers) == 0 || s.Valid("") {
			t.Errorf("%s: the row is incomplete, or accepts an empty value: %+v", s.Env, s)
		}
	}
	for _, a := range Attributes() {
		if names[a.Name] || !strings.HasPrefix(a.Name, FlagPrefix) {
			t.Errorf("%s: not a name of its own that begins with %s", a.Name, FlagPrefix)
		}
		names[a.Name] = true
		if a.Form == "" || len(a.Writers) == 0 || len(a.Readers) == 0 || a.Valid("") {
			t.Errorf("%s: the row is incomplete, or accepts an empty value: %+v", a.Name, a)
		}
	}
}

// TestForms: what each row accepts and refuses.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		setting *Setting
		good    []string
		bad     []string
	}{
		{Seeds.Setting, []string{"1", "1000000000"}, []string{"0", "-1", "x", "1000000001"}},
		{Budget.Setting, []string{"30s", "1h2m"}, []string{"0s", "-1s", "5"}},
		{Seed.Setting, []string{"0", "0x4d2,7"}, []string{"1,,2", "zz"}},
		{Strategy.Setting, []string{"random"}, nil},
		{Leaks.Setting, LeakModes, []string{"none", "auto "}},
		{Determinism.Setting, []string{"true", "0"}, []string{"yes"}},
		{Update.Setting, []string{"true"}, []string{"2"}},
		{Progress.Setting, []string{"true"}, []string{"on"}},
		{Replay.Setting, []string{`{"path":"x"}`}, []string{"x.reprise"}},
	} {
		for _, v := range c.good {
			if !c.setting.Valid(v) {
				t.Errorf("%s does not accept %q", c.setting.Env, v)
			}
		}
		for _, v := range c.bad {
			if c.setting.Valid(v) {
				t.Errorf("%s accepts %q", c.setting.Env, v)
			}
		}
	}
}

// TestRead: a value is read, an absent or empty one leaves the default, and a bad one is named with what it must be.
func TestRead(t *testing.T) {
	env := map[string]string{Seeds.Env: "7", Budget.Env: "soon", Leaks.Env: ""}
	getenv := func(name string) string { return env[name] }
	seeds, budget, leaks, update := 1, time.Minute, "fail", true
	if err := Seeds.Read(getenv, &seeds); err != nil || seeds != 7 {
		t.Errorf("seeds %d, error %v", seeds, err)
	}
	err := Budget.Read(getenv, &budget)
	if want := `REPRISE_BUDGET="soon": must be a positive duration such as 30s or 5m`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := Leaks.Read(getenv, &leaks); err != nil {
		t.Error(err)
	}
	if err := Update.Read(getenv, &update); err != nil {
		t.Error(err)
	}
	if budget != time.Minute || leaks != "fail" || !update {
		t.Errorf("budget %v, leaks %s, update %v: not as they were", budget, leaks, update)
	}
}

func TestStrip(t *testing.T) {
	got := Strip([]string{"A=1", Seeds.Assign("7"), "REPRISE_OF_TOMORROW=1", "MY_REPRISE_SEEDS=2", "reprise=3"})
	if want := []string{"A=1", "MY_REPRISE_SEEDS=2", "reprise=3"}; !slices.Equal(got, want) {
		t.Errorf("Strip returns %q, want %q", got, want)
	}
}

// TestExtent: an extent is read as it was written.
func TestExtent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Extent{Ran: rapid.IntRange(0, 1<<40).Draw(t, "ran"), All: rapid.IntRange(0, 1<<40).Draw(t, "all")}
		if got, ok := AttrRuns.Parse(e.String()); !ok || got != e {
			t.Fatalf("%v is read as %v, %v", e, got, ok)
		}
	})
	for _, s := range []string{"", "/", "1/", "/2", "x", "-1/2", "1/2/3"} {
		if AttrRuns.Valid(s) {
			t.Errorf("%q is accepted", s)
		}
	}
	if (Extent{Ran: 5}).Cut() || (Extent{Ran: 5, All: 5}).Cut() || !(Extent{Ran: 4, All: 5}).Cut() {
		t.Error("an extent is cut if it has fewer runs than were due")
	}
}

// TestShown: what runs have shown is read as it was written.
func TestShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1<<40)
		s := Shown{n.Draw(t, "runs"), n.Draw(t, "classes"), n.Draw(t, "once"), rapid.Bool().Draw(t, "schedules")}
		if got, ok := AttrCoverage.Parse(s.String()); !ok || got != s {
			t.Fatalf("%v is read as %v, %v", s, got, ok)
		}
	})
	for _, s := range []string{"", "1/2", "1/2/-3", "1/2/3/4", "1/2/schedules", "1/2/3/orders"} {
		if AttrCoverage.Valid(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

// TestPin: a result is read as it was written, and says what it means.
func TestPin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewPin(rapid.Bool().Draw(t, "failed"), rapid.Bool().Draw(t, "alike"),
			float64(rapid.IntRange(0, 1000).Draw(t, "fidelity"))/1000)
		if got, ok := AttrPin.Parse(p.String()); !ok || got != p {
			t.Fatalf("%v is read as %v, %v", p, got, ok)
		}
	})
	for _, s := range []string{"", "passes", "passes 1.5", "passes -1", "fine 1", "passes NaN", "fails 1 2"} {
		if AttrPin.Valid(s) {
			t.Errorf("%q is accepted", s)
		}
	}
	for _, c := range []struct {
		failed, alike bool
		fidelity      float64
		want          string
	}{
		{true, true, 0.1, "fails as before, fidelity 0.100"},
		{true, false, 1, "fails, but not as before, fidelity 1.000"},
		{false, false, 0.5, "passes, fidelity 0.500"},
		{false, false, 0.499, "no longer fits the program, fidelity 0.499: the run passes, which shows little; pin another run, " +
			"or remove the file"},
	} {
		if got := NewPin(c.failed, c.alike, c.fidelity).Text(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestAlternatives(t *testing.T) {
	for want, list := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := Alternatives(list); got != want {
			t.Errorf("Alternatives(%q) = %q, want %q", list, got, want)
		}
	}
}

// TestIsAttrLine: only attributes of the table are known, and only of the test.
func TestIsAttrLine(t *testing.T) {
	for line, want := range map[string]bool{
		"=== ATTR  TestX reprise.seed 0x1":  true,
		"=== ATTR  TestX other.seed 1":      false,
		"=== ATTR  TestXY reprise.seed 0x1": false,
		"=== RUN   TestX":                   false,
	} {
		if got := IsAttrLine(line, "TestX"); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

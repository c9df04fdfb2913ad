package wire

import (
	"testing"

	"pgregory.net/rapid"
)

// TestFaultsForms: what is accepted of faults, and what it means.
func TestFaultsForms(t *testing.T) {
	for text, want := range map[string]string{ // lint: order does not matter because each is checked alone
		"net": "net=2%", "net=5%": "net=5%", "short": "short=2%", "reset,short=0.5%": "short,reset=0.5%",
		"net=100%": "net=100%", "net=0.0001%": "net=0.0001%", "short,net=1%": "net=1%",
		"net=": "", "net=5": "", "net=0%": "", "net=101%": "", "net=-1%": "", "net=NaN%": "", "net=0.00001%": "", "disk": "",
		"": "", "short,": "", "net=1%=2%": "",
	} {
		f, ok := parseFaults(text)
		if ok != (want != "") || ok && f.String() != want {
			t.Errorf("%q: %+v, %v; want %q", text, f, ok, want)
		}
	}
}

// TestFaultsText: the text of every value is accepted, and means the same.
func TestFaultsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := NetworkFaults{
			Kinds: rapid.Uint32().Draw(t, "kinds") & everyFault(), Rate: rapid.IntRange(0, 1e6).Draw(t, "rate"),
		}
		text := f.String()
		if f.Kinds == 0 || f.Rate == 0 {
			if text != "" {
				t.Fatalf("%+v is %q", f, text)
			}
			return
		}
		if got, ok := parseFaults(text); !ok || got != f {
			t.Fatalf("%+v is %q, which is %+v, %v", f, text, got, ok)
		}
	})
}

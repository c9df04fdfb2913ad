package wire

import "testing"

// TestOutsideForms: which values are accepted, and that the text of each is accepted and means the same.
func TestOutsideForms(t *testing.T) {
	for text, want := range map[string]Outside{ // lint: order does not matter because each is checked alone
		"off": {Bytes: -1}, "0": {Bytes: -1}, "1": {Bytes: 1}, "100B": {Bytes: 100}, "1KB": {Bytes: 1000},
		"100KiB": {Bytes: 100 << 10}, "1MiB": {Bytes: 1 << 20}, "5MB": {Bytes: 5e6}, "64MiB": {Bytes: 64 << 20},
		"1536KiB": {Bytes: 1536 << 10}, "files": {Files: true}, "env": {Env: true}, "env,files": {Files: true, Env: true},
		"4MiB,files,env": {4 << 20, true, true}, "4MiB,env": {4 << 20, false, true},
	} {
		o, ok := parseOutside(text)
		if !ok || o != want {
			t.Errorf("%q is %v, %v; want %v", text, o, ok, want)
		}
		if again, ok := parseOutside(o.String()); !ok || again != o {
			t.Errorf("%v is %q, which is %v, %v", o, o.String(), again, ok)
		}
	}
	if text := (Outside{}).String(); text != "" {
		t.Errorf("the default is %q", text)
	}
	for _, text := range []string{
		"", "-1", "1GiB", "65MiB", "MiB", "1.5MiB", "1 MiB", "0B", "99999999999999999999", "1mib",
		"files,files", "files,1MiB", "off,files", "0,env", "file", "1MiB,", ",files", "1MiB files",
	} {
		if o, ok := parseOutside(text); ok {
			t.Errorf("%q is accepted as %v", text, o)
		}
	}
}

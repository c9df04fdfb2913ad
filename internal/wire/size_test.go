package wire

import "testing"

// TestSizeForms: which sizes are accepted, and that the text of each is accepted and means the same.
func TestSizeForms(t *testing.T) {
	for text, want := range map[string]int{ // lint: order does not matter because each is checked alone
		"off": -1, "0": -1, "1": 1, "100B": 100, "1KB": 1000, "100KiB": 100 << 10, "1MiB": 1 << 20, "5MB": 5e6,
		"64MiB": 64 << 20, "1536KiB": 1536 << 10,
	} {
		n, ok := parseSize(text)
		if !ok || n != want {
			t.Errorf("%q is %d, %v; want %d", text, n, ok, want)
		}
		if again, ok := parseSize(SizeText(n)); !ok || again != n {
			t.Errorf("%d is %q, which is %d, %v", n, SizeText(n), again, ok)
		}
	}
	for _, text := range []string{
		"", "-1", "1GiB", "65MiB", "MiB", "1.5MiB", "1 MiB", "0B", "99999999999999999999", "1mib",
	} {
		if n, ok := parseSize(text); ok {
			t.Errorf("%q is accepted as %d", text, n)
		}
	}
}

package fleet

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/internal/gotest"
)

type scanned = gotest.Scan

func newKey(t testing.TB) (key nkeys.KeyPair, public string) {
	t.Helper()
	key, err := loadKey(filepath.Join(t.TempDir(), "sub", keyFile))
	if err == nil {
		public, err = key.PublicKey()
	}
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

// TestSigned: only what a trusted key has signed is read, and no byte of it can be changed.
func TestSigned(t *testing.T) {
	key, public := newKey(t)
	other, _ := newKey(t)
	item := workItem{Campaign: "c", Test: 1, From: 2, To: 3}
	b, err := sign(key, item)
	if err != nil {
		t.Fatal(err)
	}
	var got workItem
	if err := open([]string{public}, b, &got); err != nil || got != item {
		t.Errorf("%+v, %v", got, err)
	}
	theirs, err := sign(other, item)
	if err != nil {
		t.Fatal(err)
	}
	if err := open([]string{public}, theirs, &got); !errors.Is(err, errUntrusted) {
		t.Errorf("another's signature: %v", err)
	}
	if err := open(nil, b, &got); !errors.Is(err, errUntrusted) {
		t.Errorf("without trust: %v", err)
	}
	for i := range b {
		changed := bytes.Clone(b)
		changed[i] ^= 1
		var got workItem
		if err := open([]string{public}, changed, &got); err == nil && got != item {
			t.Fatalf("byte %d is changed, and %+v is read", i, got)
		}
	}
}

// TestKey: a key is made once, for its user only.
func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	a, err := loadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := loadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := a.PublicKey()
	two, _ := b.PublicKey()
	info, err := os.Stat(path)
	if err != nil || one != two || one == "" || info.Mode().Perm() != 0o600 {
		t.Errorf("keys %s and %s, %v", one, two, info.Mode())
	}
}

// TestRefuse: a worker says what is different about it.
func TestRefuse(t *testing.T) {
	m, err := thisMachine()
	if err != nil || m.refuse(m) != "" {
		t.Fatalf("%v: it refuses itself: %s", err, m.refuse(m))
	}
	for want, other := range map[string]machineKind{
		"protocol": {m.Protocol + 1, m.Platform, m.Go, m.Version}, "platform of the campaign is plan9/amd64": {m.Protocol,
			"plan9/amd64", m.Go, m.Version},
		"Go version":               {m.Protocol, m.Platform, "go1.2", m.Version},
		"version of reprise-fleet": {m.Protocol, m.Platform, m.Go, "v0"},
	} {
		if got := m.refuse(other); !strings.Contains(got, want) {
			t.Errorf("%+v: %q", other, got)
		}
	}
}

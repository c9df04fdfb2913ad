package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/internal/gotest"
)

// protocol is the version of the meaning of items and results.
const protocol = 2

// campaignSpec says what a campaign runs. It is signed, and does not change.
type campaignSpec struct {
	ID       string
	Machine  machineKind
	Created  time.Time
	Binaries []testBinary
	Tests    []testOf
	Seeds    int           // per test; 0 for no limit
	Budget   time.Duration // for all tests together; 0 for no limit
	Unseen   float64       // bound of explore.Config.Unseen; 0 for none
	Report   gotest.Options
}

// testBinary is a test binary. Its path and folder are those of the coordinator.
type testBinary struct {
	gotest.Collected
	Hash  string // SHA-256 of the binary
	Files string // SHA-256 of the archive of the files that its tests may read
	Sub   string // the folder in the archive in which its tests run, with slashes
}

// testOf is a test with seeds of its own.
type testOf struct {
	Binary int // index in Spec.Binaries
	Name   string
}

// machineKind is what a worker must have in common with the coordinator.
type machineKind struct {
	Protocol int
	Platform string // GOOS/GOARCH
	Go       string // version of Go that built reprise-fleet
	Version  string // of reprise-fleet
}

// thisMachine returns the machine of this process.
var thisMachine = sync.OnceValues(func() (machineKind, error) {
	m := machineKind{protocol, runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(), ""}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		m.Version = info.Main.Version
		return m, nil
	}
	path, err := os.Executable()
	if err != nil {
		return m, err
	}
	hash, err := hashFile(path)
	m.Version = "devel " + hash[:min(16, len(hash))] // of a program that was built without a version
	return m, err
})

// refuse returns why this machine cannot work for a campaign of another, "" if it can.
func (m machineKind) refuse(other machineKind) string {
	for _, d := range []struct{ what, mine, its string }{
		{"protocol", fmt.Sprint(m.Protocol), fmt.Sprint(other.Protocol)}, {"platform", m.Platform, other.Platform},
		{"Go version", m.Go, other.Go}, {"version of reprise-fleet", m.Version, other.Version},
	} {
		if d.mine != d.its {
			return fmt.Sprintf("the %s of the campaign is %s, that of this worker %s", d.what, d.its, d.mine)
		}
	}
	return ""
}

// workItem is some consecutive seeds of a test to be run, or the first failing run of a signature to be examined.
type workItem struct {
	Campaign string
	Test     int // index in Spec.Tests
	From, To int // numbers of the first seed and of the one behind the last

	Signature string // of the run to be examined, whose seed has the number From; "" if seeds are to be run
	Not       string // the worker that has found it, if there are others that can examine it
}

// valid reports whether the item can be one of a campaign with so many tests.
func (i workItem) valid(tests int) bool {
	return i.Test >= 0 && i.Test < tests && i.From >= 0 && i.To > i.From && i.To-i.From <= maxItem &&
		(i.Signature == "" || i.To == i.From+1)
}

// id identifies the item in its campaign.
func (i workItem) id() string {
	if i.Signature != "" {
		return fmt.Sprintf("%d/%d %s", i.Test, i.From, i.Signature)
	}
	return fmt.Sprintf("%d/%d-%d", i.Test, i.From, i.To)
}

// what describes the item without its test.
func (i workItem) what() string {
	if i.Signature != "" {
		return fmt.Sprintf("the examination of seed %d", i.From)
	}
	return fmt.Sprintf("seeds %d to %d", i.From, i.To-1)
}

// itemResult is the answer to an item.
type itemResult struct {
	workItem
	Worker   string
	Attempt  int
	Err      string // why the attempt failed; "" if it did not
	Poisoned bool   // no further attempt is made
	answer
}

// answer is what a worker has found out. Both are nil if the attempt failed.
type answer struct {
	Scan *gotest.Scan `json:",omitempty"` // of From and at least one seed
	Exam *gotest.Exam `json:",omitempty"` // of the run of From
}

// valid reports whether a result is one that a worker can have for an item of a campaign with so many tests.
func (r *itemResult) valid(tests int) bool {
	if !r.workItem.valid(tests) {
		return false
	}
	switch s, e := r.Scan, r.Exam; {
	case r.Err != "":
		return s == nil && e == nil
	case r.Signature != "":
		return s == nil && e != nil && e.Number == r.From
	default:
		return e == nil && s != nil && s.From == r.From && len(s.Classes) > 0 && s.To() <= r.To
	}
}

// signed is data with a signature by a key.
type signed struct {
	Data      []byte
	Key       string // public key
	Signature []byte
}

// sign returns the signed JSON form of a value.
func sign(key nkeys.KeyPair, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey()
	if err != nil {
		return nil, err
	}
	s := signed{Data: data, Key: public}
	if s.Signature, err = key.Sign(data); err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// errUntrusted is the error for data that no trusted key has signed.
var errUntrusted = errors.New("fleet: not signed by a trusted key")

// open reads a signed value into v. The key must be one of those that are trusted.
func open(trusted []string, b []byte, v any) error {
	var s signed
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("fleet: no signed data: %w", err)
	}
	if !slices.Contains(trusted, s.Key) {
		return fmt.Errorf("%w: the key is %.60q; reprise-fleet work --trust KEY trusts it", errUntrusted, s.Key)
	}
	key, err := nkeys.FromPublicKey(s.Key)
	if err != nil {
		return fmt.Errorf("%w: %w", errUntrusted, err)
	}
	if err := key.Verify(s.Data, s.Signature); err != nil {
		return fmt.Errorf("%w: %w", errUntrusted, err)
	}
	return json.Unmarshal(s.Data, v)
}

// loadKey reads the key of a user from a file, and makes one if there is no such file.
func loadKey(path string) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err := nkeys.CreateUser()
		if err != nil {
			return nil, err
		}
		if seed, err = key.Seed(); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return key, os.WriteFile(path, append(seed, '\n'), 0o600)
	}
	if err != nil {
		return nil, err
	}
	key, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		return nil, fmt.Errorf("%s: no nkey seed: %w", path, err)
	}
	return key, nil
}

// hashFile returns the SHA-256 of a file.
func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // of a file that was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// isHash reports whether a text is a SHA-256.
func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// hostedRun starts the process of a hosted run, as a debugger would, and returns its output.
func hostedRun(t *testing.T, h *Hosted) string {
	t.Helper()
	cmd := exec.Command(h.Args[0], h.Args[1:]...)
	cmd.Dir, cmd.Env = h.Dir, h.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // the test may fail
	return out.String()
}

// TestHosted: every process that the host starts makes the same run, and no other process takes part in it.
func TestHosted(t *testing.T) {
	b := corpus(t)
	c := Control{Seed: 3}
	o, err := b.Run(t.Context(), "TestSelectOrderBug", c)
	if err != nil {
		t.Fatal(err)
	}
	h, err := b.Host("TestSelectOrderBug", c)
	if err != nil {
		t.Fatal(err)
	}
	h.By(os.Getpid())
	h.StopAt(o.Recording.Steps)
	var chosen [2]uint64
	for i := range chosen {
		out := hostedRun(t, h)
		hash := h.r.s.header().hash
		if h.Decisions() != o.Recording.Steps || hash != o.Recording.Hash || h.Chosen() == 0 {
			t.Errorf("process %d: %d decisions, hash %#x, goroutine %d; want %d, %#x\n%s", i, h.Decisions(), hash, h.Chosen(),
				o.Recording.Steps, o.Recording.Hash, out)
		}
		chosen[i] = h.Chosen()
	}
	if chosen[0] != chosen[1] {
		t.Errorf("the last decision chose goroutine %d, and then %d", chosen[0], chosen[1])
	}
	h.By(os.Getpid() + 1)
	h.r.s.header().steps = 7
	if out := hostedRun(t, h); h.Decisions() != 7 {
		t.Errorf("a process of another program has made %d decisions\n%s", h.Decisions(), out)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

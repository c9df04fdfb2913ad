package procs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell starts a script that prints the number of each process it leaves behind on a line, and returns these numbers
// and the command, whose head has ended or waits for the end of its input.
func shell(t *testing.T, script string, env ...string) (*exec.Cmd, []int) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), append(env, "OUT="+out.Name())...)
	cmd.Stdout = out
	Group(cmd, 0)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitExit(cmd.Process.Pid)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for word := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		pids = append(pids, pid)
	}
	return cmd, pids
}

// awaitGone waits for the end of a process that is no child.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for range 1 << 20 {
		state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			return
		}
		if _, rest, _ := strings.Cut(string(state), ") "); strings.HasPrefix(rest, "Z") {
			return
		}
		if t.Context().Err() != nil {
			break
		}
	}
	t.Fatalf("process %d is still there", pid)
}

// TestWait checks that what a command leaves in its group ends with it, and that its status is told.
func TestWait(t *testing.T) {
	cmd, pids := shell(t, "sleep 600 & echo $!; (sleep 600 & echo $!); exit 3")
	err := Wait(cmd)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("Wait: %v, want exit status 3", err)
	}
	if len(pids) != 2 {
		t.Fatalf("processes %v, want two", pids)
	}
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

// TestSweep checks that a process that has left the group is found by its environment, its
// children too, and that others are not.
func TestSweep(t *testing.T) {
	const mark = "REPRISE_SWEEP_TEST=one"
	const wait = "while [ $(wc -l <$OUT) -lt 2 ]; do sleep 0.01; done"
	cmd, pids := shell(t, "setsid sh -c 'sleep 600 & echo $!; echo $$; exec sleep 600' & "+wait, mark)
	_, others := shell(t, "setsid sh -c 'echo $$; echo $$; exec sleep 600' & "+wait, mark+"1")
	if err := Wait(cmd); err != nil {
		t.Fatal(err)
	}
	if len(pids) != 2 || len(others) != 2 {
		t.Fatalf("processes %v and %v", pids, others)
	}
	if n := Sweep(mark, pids...); n != 0 {
		t.Errorf("Sweep killed %d processes although all are excepted", n)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != nil {
			t.Errorf("Sweep killed process %d, which is excepted", pid)
		}
	}
	if n := Sweep(mark); n != 2 {
		t.Errorf("Sweep killed %d processes, want 2", n)
	}
	for _, pid := range pids {
		awaitGone(t, pid)
	}
	if err := syscall.Kill(others[0], 0); err != nil {
		t.Errorf("Sweep killed a process of another mark")
	}
	if n := Sweep(mark + "1"); n != 1 {
		t.Errorf("Sweep killed %d, want 1", n)
	}
}

// TestHold checks that the end of a process that holds a file is noticed: one that is killed, and one that releases it.
func TestHold(t *testing.T) {
	if path := os.Getenv("REPRISE_HOLD_TEST"); path != "" {
		if _, err := Hold(path); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // until it is killed
	}
	path := filepath.Join(t.TempDir(), "held")
	cmd := exec.Command(os.Args[0], "-test.run=^TestHold$")
	cmd.Env = append(os.Environ(), "REPRISE_HOLD_TEST="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the holder has ended: %v, %v", status, err)
	}
	ended := make(chan error)
	go func() { ended <- AwaitEnd(path) }()
	select {
	case err := <-ended:
		t.Fatalf("AwaitEnd returned while the holder lives: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed
	other := path + "2"
	release, err := Hold(other)
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- AwaitEnd(other) }()
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := AwaitEnd(path + "3"); err == nil {
		t.Error("no error for a path that nothing holds")
	}
	if _, err := Held(path + "3"); err == nil {
		t.Error("a path that does not exist is held, or not")
	}
	for _, p := range []string{path, other} {
		if held, err := Held(p); held || err != nil {
			t.Errorf("%s is held after the end: %v", p, err)
		}
	}
	again := path + "4"
	if release, err = Hold(again); err != nil {
		t.Fatal(err)
	}
	if held, err := Held(again); !held || err != nil {
		t.Errorf("%s is not held: %v", again, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

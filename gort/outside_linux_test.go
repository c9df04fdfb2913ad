package gort

import (
	"maps"
	"strings"
	"testing"
)

// callOf returns a system call of a class, the lowest.
func callOf(class string) int {
	found := -1
	for n, c := range maps.All(outsideClasses) { // lint: order does not matter because the lowest is taken
		if c == class && (found < 0 || n < found) {
			found = n
		}
	}
	return found
}

// TestDependence checks what is said of the outside.
func TestDependence(t *testing.T) {
	const read, closing, fcntl = 1001, 1002, 1003 // of no class
	open, socket := callOf("files"), callOf("sockets")
	for _, test := range []struct {
		name   string
		calls  map[int]uint32
		forced int
		how    []uint8
		want   []string
	}{
		{"nothing", nil, 0, nil, nil},
		{"no class", map[int]uint32{read: 7, closing: 7, fcntl: 1, 1004: 2}, 0, nil, nil},
		{"time zone", map[int]uint32{open: 1, read: 2, closing: 1}, 0, nil, nil},
		{"a file", map[int]uint32{open: 1, read: 2, closing: 1, fcntl: 4}, 0, nil,
			[]string{"outside of the control: 1 system call for files", "nothing came from there by itself"}},
		{"a file and a socket", map[int]uint32{open: 2, socket: 1},
			0, nil, []string{"2 system calls for files and 1 system call for sockets", "nothing came"}},
		{"poller", map[int]uint32{open: 1, socket: 3}, 0, []uint8{1, 1},
			[]string{"from outside: 2 wake-ups by the network poller or a signal (files, sockets)", "a replay waits for each"}},
		{"calls", nil, 0, []uint8{2, 1},
			[]string{"1 wake-up by the network poller or a signal and 1 return from system calls that wait (other calls that wait)",
				"a replay waits"}},
		{"threads", nil, 0, []uint8{3, 3},
			[]string{"from outside: 2 wake-ups by threads of C code that call Go (", "a replay waits"}},
		{"forced", nil, 1, nil, []string{"1 preemption by the real clock"}},
		{"all", map[int]uint32{socket: 3}, 2, []uint8{1},
			[]string{"from outside: 1 wake-up", "a replay waits", "2 preemptions by the real clock"}},
	} {
		tape := newTape()
		for _, how := range test.how {
			tape.admit(2, how)
		}
		o := tape.outcome(Passed, 1, "")
		o.Calls, o.Forced = test.calls, test.forced
		lines := strings.Split(o.Dependence(), "\n")
		if lines[0] == "" {
			lines = nil
		}
		ok := len(lines) == len(test.want)
		for i := 0; ok && i < len(lines); i++ {
			ok = strings.Contains(lines[i], test.want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q", test.name, lines, test.want)
		}
	}
}

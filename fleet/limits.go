package fleet

import (
	"debug/buildinfo"
	"fmt"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
)

// limitVerb is the hidden verb of the process that limits itself and becomes the process of an item.
const limitVerb = "limit-test"

// limits are the limits of the processes of an item, besides those of its time and of its answer.
type limits struct {
	memory int  // MiB of private memory of each process; 0 means no limit
	file   int  // MiB of each file that a process writes; 0 means no limit
	apart  bool // the processes have a network of their own, which has only a loopback interface
}

// The defaults of limits, in MiB.
const (
	defaultMemory = 4096
	defaultFile   = 1024
)

// maxLimit is the greatest limit that can be set, in MiB.
const maxLimit = 1 << 30

// command returns the command that runs a hidden verb of this program in processes with these limits.
func (l limits) command(program, verb string) *exec.Cmd {
	apart := strconv.FormatBool(l.apart)
	cmd := exec.Command(program, limitVerb, strconv.Itoa(l.memory), strconv.Itoa(l.file), apart, verb)
	if l.apart {
		separate(cmd)
	}
	return cmd
}

// limitMain limits this process, and replaces it by this program with the verb that is the last argument, or ends if
// that is "".
func limitMain(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%s is for workers", limitVerb)
	}
	var l limits
	var err error
	for i, to := range []*int{&l.memory, &l.file} {
		if *to, err = strconv.Atoi(args[i]); err != nil || *to < 0 || *to > maxLimit {
			return fmt.Errorf("%s: %.20q is no limit", limitVerb, args[i])
		}
	}
	l.apart = args[2] == "true"
	return l.become(args[3])
}

// forBinary returns the limits for a test binary. One that was built with -race maps more memory than any machine has,
// and uses little of it, so its memory is not limited.
func (l limits) forBinary(path string) limits {
	info, err := buildinfo.ReadFile(path)
	if err == nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		l.memory = 0
	}
	return l
}

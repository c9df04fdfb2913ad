// Command rivals measures reprise beside asupersync, Shuttle and loom, which are written in Rust.
//
//	rivals              measures reprise, one line a measurement: a name, a tab, nanoseconds
//	rivals FILE [N]     runs FILE, the program of src/main.rs, and itself N times in turns (3), and prints a table
//
// The script beside it, run, builds both. Of each measurement the least of all rounds counts. The machine is the same,
// and the rounds alternate, so that the ratios mean something where the times do not.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// campaign is the end of the name of a measurement of reprise that has the rival of the name without it.
const campaign = " (campaign)"

func main() {
	if len(os.Args) < 2 {
		ours(os.Stdout)
		return
	}
	if err := compare(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func compare(rival string, args []string) error {
	rounds := 3
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 {
			return fmt.Errorf("the number of rounds is %q; it must be a number from 1, such as 3", args[0])
		}
		rounds = n
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var theirs, own results
	for range rounds {
		if err := theirs.add(rival); err != nil {
			return err
		}
		if err := own.add(self); err != nil {
			return err
		}
	}
	return own.print(theirs)
}

// results are the measurements of a program: their names in order, and the least value of each, in nanoseconds.
type results struct {
	names []string
	least map[string]float64
}

// add runs a program and takes its measurements in.
func (r *results) add(program string) error {
	out, err := exec.Command(program).Output()
	if err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	if r.least == nil {
		r.least = map[string]float64{}
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "\t")
		ns, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%s printed %q; expected a name, a tab and nanoseconds", program, lines.Text())
		}
		old, known := r.least[name]
		if !known {
			r.names = append(r.names, name)
		}
		if !known || ns < old {
			r.least[name] = ns
		}
	}
	return nil
}

// print prints the table of r beside the results of the rivals. A measurement that one of them lacks is an error.
func (r *results) print(theirs results) error {
	fmt.Println("| work | rival, ns | reprise, ns | reprise / rival |")
	fmt.Println("|---|---|---|---|")
	compared := map[string]bool{}
	for _, name := range r.names {
		of := strings.TrimSuffix(name, campaign)
		rival, ok := theirs.least[of]
		if !ok {
			return fmt.Errorf("the rivals have no measurement %q", of)
		}
		compared[of] = true
		fmt.Printf("| %s | %.0f | %.0f | %.2f |\n", name, rival, r.least[name], r.least[name]/rival)
	}
	for _, name := range theirs.names {
		if !compared[name] {
			return fmt.Errorf("reprise has no measurement %q", name)
		}
	}
	return nil
}

package gotest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// everything is the pattern of -run that selects all tests.
const everything = "."

// searchTogether returns the search in which every run is one process with all of the test functions, as "go test"
// runs them. Its seeds, traces and recordings have the name of the first.
func (s *session) searchTogether(list []string) *search {
	c := &search{session: s, function: list[0], members: list, selection: everything, limit: s.budget,
		sharing: newSharing()}
	if s.selected != "" {
		c.selection = s.selected
	}
	c.args = append(c.args, "-test.run="+c.selection)
	if s.skipped != "" {
		c.args = append(c.args, "-test.skip="+s.skipped)
	}
	if s.shuffle != "" {
		c.args = append(c.args, "-test.shuffle="+s.shuffle)
	}
	c.args = append(append(c.args, "-test.v=true"), s.each...)
	c.bound(1)
	return c
}

// topLevel matches the lines by which package testing frames the output of test functions.
var topLevel = regexp.MustCompile(`^(=== (?:RUN|PAUSE|CONT|NAME) +|--- (?:PASS|FAIL|SKIP): )([^/\s]+)`)

// split separates the output of tests that ran together: the lines of each, and the test that was under way at the end,
// or the first that failed, "" if there is none.
func split(output []byte) (parts map[string][]byte, failed string) {
	parts = map[string][]byte{}
	current, ended, failing := "", "", ""
	for line := range strings.Lines(strings.ReplaceAll(string(output), marker, "")) {
		m := topLevel.FindStringSubmatch(line)
		if m != nil {
			current = m[2]
		}
		if current == "" && strings.HasPrefix(line, "    ") { // the results of subtests come behind
			parts[ended] = append(parts[ended], line...)
		}
		if current == "" {
			continue
		}
		parts[current] = append(parts[current], line...)
		if m == nil || !strings.HasPrefix(m[1], "---") {
			continue
		}
		if strings.HasPrefix(m[1], "--- FAIL") && failing == "" {
			failing = current
		}
		current, ended = "", current
	}
	delete(parts, "")
	if failing == "" {
		failing = current
	}
	return parts, failing
}

// owner returns the test to which a finding belongs.
func (c *search) owner(r *explore.Run) string {
	if c.members == nil {
		return c.function
	}
	if p := c.pinOf(r); p != nil {
		return p.test
	}
	for _, run := range []*explore.Run{r, c.campaign.First} { // a later run of a signature may have dropped its output
		if o := detailOf(run).Outcome; o != nil {
			_, test := split(o.Output)
			for _, m := range c.members {
				if m == test {
					return m
				}
			}
		}
	}
	return c.function
}

// tellMembers prints what has come of the search of tests that ran together, and reports whether all have passed.
// Tests that the first run did not reach have no result.
func (c *search) tellMembers(interrupted error) (ok bool) {
	all := c.campaign
	var parts map[string][]byte
	if all.First != nil {
		parts, _ = split(detailOf(all.First).Output)
	}
	findings := map[string][]*explore.Run{}
	for _, r := range append(all.Notes[:len(all.Notes):len(all.Notes)], all.Failing...) {
		owner := c.owner(r)
		findings[owner] = append(findings[owner], r)
	}
	var missed []string
	for i, member := range c.members {
		if i > 0 && parts[member] == nil && findings[member] == nil {
			missed = append(missed, member)
			continue
		}
		if i > 0 {
			c.out.run(member)
		}
		c.tellMember(member, parts[member], findings[member], interrupted)
	}
	if len(missed) > 0 {
		c.out.about(notRunPrefix + strings.Join(missed, ", "))
	}
	return all.Failed() == 0 && all.Err == nil && interrupted == nil
}

// tellMember prints the findings and the result of one of several tests that ran together, which has started. The
// report of the first also has what concerns all of them.
func (c *search) tellMember(member string, output []byte, runs []*explore.Run, interrupted error) {
	failed, first := !c.tellPins(member), member == c.function
	for _, r := range runs {
		result := "PASS"
		if !r.Finding.Passes {
			result, failed = "FAIL", true
		}
		c.tellFinding(r, result)
	}
	c.out.attr(member, wire.AttrRuns.Name, c.extent().String())
	if first {
		c.tellReached(member)
	}
	took := c.campaign.Elapsed()
	if first {
		c.tellCoverage()
		c.tellEnd(took, interrupted)
		if n := c.campaign.Failed(); n > 0 {
			c.out.log(member, fmt.Sprintf("%d of %s failed", n, prose.Count(c.campaign.Ran, "run")))
		}
	}
	switch {
	case failed, first && c.campaign.Err != nil:
		c.out.end("FAIL", member, took)
	case interrupted == nil:
		c.out.passed(member, output, took)
	}
}

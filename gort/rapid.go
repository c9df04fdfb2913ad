package gort

import "regexp"

// A failing property of package rapid logs its failure, then the command that shows it again, the values that it drew,
// and what the property logged with them. The values differ from seed to seed, and whether rapid could make the failure
// again depends on the schedule.
var (
	propertyFailed = regexp.MustCompile(`^(\S+: )\[rapid\] (?:failed|panic) after [0-9]+ tests: (.*)$`)
	propertyFlaky  = regexp.MustCompile(`^(\S+: )\[rapid\] flaky test, can not reproduce a failure$`)
	propertyFirst  = regexp.MustCompile(`^\s*Original traceback \((.*)\):$`)
)

// property returns the parts of the signature of a test in which properties failed: for each its line and its failure.
// It returns nil if no property failed.
func property(list []logged) (parts []string) {
	for _, l := range list {
		if m := propertyFailed.FindStringSubmatch(l.lines[0]); m != nil {
			parts = append(parts, m[1]+m[2])
		}
		m := propertyFlaky.FindStringSubmatch(l.lines[0])
		for _, line := range l.lines {
			if first := propertyFirst.FindStringSubmatch(line); m != nil && first != nil {
				parts = append(parts, m[1]+first[1])
			}
		}
	}
	return parts
}

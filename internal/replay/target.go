package replay

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
)

// taskPath matches the path of a task; see [simsched.Task.Path].
var taskPath = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// ParseTarget parses a target: N or index=N, tick=N, time=D, task=T or kind=K. The errors are of wrong use.
func ParseTarget(text string) (replayer.Target, error) {
	key, value, named := strings.Cut(text, "=")
	if !named {
		key, value = "index", text
	}
	wrong := func(form string) (replayer.Target, error) {
		return replayer.Target{}, base.Usage("the target %q is no %s", text, form)
	}
	switch key {
	case "index", "tick":
		n, err := strconv.ParseUint(value, 10, 63)
		switch {
		case err != nil && !named:
			return wrong("number of an event, and not of the form tick=N, time=D, task=T or kind=K")
		case err != nil:
			return wrong(key + "=N with a number")
		case key == "tick":
			return replayer.AtTick(n), nil
		}
		return replayer.AtIndex(n), nil
	case "time":
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return wrong("time=D with a virtual time such as 1.5s")
		}
		return replayer.AtTime(d), nil
	case "task":
		if value == "" {
			return wrong("task=T with an identifier, a path or a name")
		}
		return atTask(value), nil
	case "kind":
		k, err := base.ParseKind(value)
		if err != nil {
			return replayer.Target{}, err
		}
		return replayer.AtKind(k), nil
	}
	return wrong("target; it is N, index=N, tick=N, time=D, task=T or kind=K")
}

// atTask returns the target at which a task is chosen next. The text is its identifier, its path or its name.
func atTask(text string) replayer.Target {
	if ids := base.ParseIDs([]string{text}, 'T'); len(ids) > 0 {
		return replayer.AtTask(event.TaskID(ids[0]))
	}
	if taskPath.MatchString(text) {
		return replayer.AtTaskPath(text)
	}
	return replayer.AtTaskName(text)
}

package finding

import (
	"fmt"
	"strings"
)

// GitHub returns a workflow command of GitHub Actions, which annotates the line of the code that the finding is about.
// See "Workflow commands for GitHub Actions" in GitHub's documentation. It ends in a newline.
func (f *Finding) GitHub() string {
	where, command := "", "error"
	if f.Passes {
		command = "notice"
	}
	if f.File != "" {
		where = fmt.Sprintf("file=%s,line=%d,", property(f.File), f.Line)
	}
	return fmt.Sprintf("::%s %stitle=%s::%s\n", command, where, property(f.Test), message(f.Headline()+"\n"+f.Command()))
}

// message escapes the text of a workflow command, and property the value of one of its properties.
var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace
)

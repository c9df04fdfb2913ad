package base

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// errForm is the class of errors of a file whose form cannot be determined.
var errForm = errors.New("the form of a file that is written is told by its extension")

// sentinels maps errors to the codes of package codes that explain them. The first entry that fits counts. Entries of
// tracefile precede those of event, because the former may wrap the latter.
var sentinels = []struct {
	target error
	name   string
}{
	{errForm, "wrong-format"},
	{tracefile.ErrTruncated, "truncated-file"},
	{tracefile.ErrVersion, "file-version"},
	{tracefile.ErrCorrupt, "corrupt-file"},
	{event.ErrUnknownKind, "unknown-kind"},
	{event.ErrVersion, "schema-version"},
	{event.ErrMalformed, "malformed"},
	{replayer.ErrProgram, "another-program"},
	{replayer.ErrVersion, "another-schema"},
	{replayer.ErrPartial, "partial-recording"},
	{simsched.ErrDeadlock, "deadlock"},
	{simsched.ErrLeak, "leak"},
	{simsched.ErrStepLimit, "step-limit"},
}

// CodeOf returns the code that explains err, or "" if there is none.
func CodeOf(err error) string {
	var diverged *divergence.Error
	if errors.As(err, &diverged) {
		return diverged.Divergence.Code()
	}
	var law *tracecheck.Error
	if errors.As(err, &law) {
		return codes.Law(law.Law).Code
	}
	for _, s := range sentinels {
		if errors.Is(err, s.target) {
			return codes.Named(s.name).Code
		}
	}
	var panicked *simsched.PanicError
	if errors.As(err, &panicked) {
		return codes.Named("panic").Code
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return codes.Named("unreadable-file").Code
	}
	return ""
}

// WithCode returns the text of err after its code, if it has one.
func WithCode(err error) string { return TextWithCode(CodeOf(err), err.Error()) }

// TextWithCode returns a text after a code. Both may be empty.
func TextWithCode(code, text string) string {
	if code == "" {
		return text
	}
	return fmt.Sprintf("[%s] %s", code, text)
}

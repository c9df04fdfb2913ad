package view

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/stepper"
)

// rowsOf returns a function that reads events of a recording, as the stepper shows them. What cannot be read is left
// out, since the model of the run tells the damage.
func rowsOf(in *base.Input) func(from, to uint64) []stepper.Row {
	return func(from, to uint64) (list []stepper.Row) {
		if in.File == nil || in.File.Seek(from) != nil {
			return nil
		}
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		rows := base.NewRows(w, in)
		for index := from; index < to; index++ {
			e, err := in.Next()
			if err != nil {
				break
			}
			rows.Names.Learn()
			b.Reset()
			if rows.Row(index, in.Time(), e) != nil || w.Flush() != nil {
				break
			}
			list = append(list, stepper.Row{Text: strings.TrimRight(b.String(), "\n"),
				Decision: e.Kind() == event.KindTaskScheduled})
		}
		return list
	}
}

package report

import (
	"encoding/json"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// JSONSchema is the number of the JSON form of a divergence; it rises when a field changes its meaning or goes away.
const JSONSchema = 1

type jsonDivergence struct {
	Schema     int                 `json:"schema"`
	Code       string              `json:"code"`
	Index      uint64              `json:"index"`
	TimeNanos  int64               `json:"time_nanos"`
	Category   divergence.Category `json:"category"`
	Relation   divergence.Relation `json:"relation"`
	Count      int                 `json:"count"`
	Ended      divergence.Side     `json:"ended"`
	Before     []event.Event       `json:"before"`
	Expected   []event.Event       `json:"expected"`
	Actual     []event.Event       `json:"actual"`
	Fields     []jsonField         `json:"fields"`
	Entities   []jsonEntity        `json:"entities"`
	Runnable   []jsonEntity        `json:"runnable"`
	Cause      jsonCause           `json:"cause"`
	Drift      *jsonDrift          `json:"drift"`
	Prefix     uint64              `json:"prefix"`
	DecisionAt *uint64             `json:"decision_at"`
	Decision   *event.Event        `json:"decision"`
	Sites      jsonSites           `json:"sites"`
	RunError   string              `json:"run_error"`
	Reproduce  string              `json:"reproduce"`
	Alignment  *jsonAlignment      `json:"alignment"`
	Signature  string              `json:"signature"`
	Notes      []string            `json:"notes"`
	Turns      *jsonTurns          `json:"turns"`
	Unlike     string              `json:"unlike"`
}

type jsonTurns struct {
	Number    int    `json:"number"`
	Expected  string `json:"expected"`
	Actual    string `json:"actual"`
	Table     string `json:"table"`
	Operation bool   `json:"operation"`
}

type jsonField struct {
	Name     string      `json:"name"`
	Expected event.Value `json:"expected"`
	Actual   event.Value `json:"actual"`
}

type jsonEntity struct {
	Role       string `json:"role"`
	Kind       string `json:"kind"`
	ID         uint64 `json:"id"`
	Name       string `json:"name,omitempty"`
	ActualName string `json:"actual_name,omitempty"`
}

type jsonCause struct {
	Rule       string `json:"rule"`
	Text       string `json:"text"`
	Suggestion string `json:"suggestion"`
}

type jsonDrift struct {
	Draw           uint64 `json:"draw"`
	ExpectedAt     *int64 `json:"expected_at"`
	ActualAt       *int64 `json:"actual_at"`
	ExpectedValues int    `json:"expected_values"`
	ActualValues   int    `json:"actual_values"`
	Stream         string `json:"stream,omitempty"`
}

type jsonSites struct {
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

type jsonAlignment struct {
	Fidelity  float64 `json:"fidelity"`
	Matched   uint64  `json:"matched"`
	Inserted  uint64  `json:"inserted"`
	Deleted   uint64  `json:"deleted"`
	Changed   uint64  `json:"changed"`
	Reordered uint64  `json:"reordered"`
	GaveUpAt  *uint64 `json:"gave_up_at"`
}

// MarshalJSON implements [Report]: one object.
//
//	schema       the number of this form, [JSONSchema]
//	code         code of the category, such as "RPR1004"
//	index        index of the first event that differs, from 0
//	time_nanos   virtual time there, in nanoseconds since the start of the run
//	category     one of the twelve categories, such as "timer-mismatch"
//	relation     changed-value, missing, extra, reordered, replaced or ended-early
//	count        number of events missing or extra, or of places by which they are reordered; otherwise 0
//	ended        the run that ended early: "expected", "actual" or ""
//	before       the last events that both runs share
//	expected     events of the expected run from index on; empty if it ended there
//	actual       events of the actual run from index on; empty if it ended there
//	fields       fields that differ, if the events are of one kind: objects with name, expected and actual
//	entities     things involved: objects with role, kind, id, name if known, and actual_name if different
//	runnable     tasks that could be chosen: objects like entities; null if unknown
//	cause        the probable cause: an object with rule, text and suggestion
//	drift        null, or draws that differ: draw, expected_at, actual_at, expected_values, actual_values, stream
//	prefix       number of events that a replay must process to show the divergence
//	decision_at  index of the last TaskScheduled before the divergence, or null
//	decision     that event, or null
//	sites        code lines: an object with expected and actual; "" if unknown
//	run_error    the error with which the actual run ended by itself, up to six lines; "" if none
//	reproduce    the command that shows the divergence again; "" if there is none
//	alignment    of the whole runs: fidelity, matched, inserted, deleted, changed, reordered, gave_up_at; or null
//	signature    16 hex digits, equal for divergences with one cause
//	notes        further lines that a reader should know
//	turns        the divergence in turns of tasks: number, expected, actual, table, operation; null if unknown
//	unlike       says that the recordings are of different tests; "" if they are not
//
// Events are in the JSON form of the event schema. Values and identifiers are numbers; an absent value is null.
// Lists are never null, except runnable. Fields may be added under the same schema number. docs/report.md describes
// the whole form.
func (d first) MarshalJSON() ([]byte, error) {
	j := jsonDivergence{
		Schema: JSONSchema, Code: d.Code(), Index: d.Index, TimeNanos: int64(d.Time), Category: d.Category,
		Relation: d.Relation, Count: d.Count, Ended: d.Side,
		Before: list(d.Before), Expected: list(d.Expected), Actual: list(d.Actual),
		Fields: []jsonField{}, Entities: []jsonEntity{}, Cause: jsonCause(d.Cause), Drift: drift(d.Drift), Prefix: d.Prefix(),
		Sites: jsonSites{d.ExpectedSite, d.ActualSite}, RunError: d.RunError, Reproduce: d.Reproduce,
		Alignment: alignment(d.Rest), Signature: d.Signature(), Notes: list(d.Notes),
		Turns: (*jsonTurns)(d.Turns), Unlike: d.Unlike,
	}
	for _, f := range d.Fields {
		j.Fields = append(j.Fields, jsonField(f))
	}
	for _, e := range d.Entities {
		j.Entities = append(j.Entities, jsonEntity(e))
	}
	if d.Runnable != nil {
		j.Runnable = []jsonEntity{}
	}
	for _, e := range d.Runnable {
		j.Runnable = append(j.Runnable, jsonEntity(e))
	}
	if d.Decision.Kind() != 0 {
		j.DecisionAt, j.Decision = &d.DecisionAt, &d.Decision
	}
	return json.Marshal(j)
}

func drift(d *divergence.Drift) *jsonDrift {
	if d == nil {
		return nil
	}
	known := func(index *int64) *int64 {
		if *index < 0 {
			return nil
		}
		return index
	}
	return &jsonDrift{d.Draw, known(&d.ExpectedAt), known(&d.ActualAt), d.Expected, d.Actual, d.Stream}
}

func alignment(s *divergence.Stats) *jsonAlignment {
	if s == nil {
		return nil
	}
	j := &jsonAlignment{s.Fidelity(), s.Matched, s.Inserted, s.Deleted, s.Changed, s.Reordered, nil}
	if s.GaveUp {
		j.GaveUpAt = &s.GaveUpAt
	}
	return j
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

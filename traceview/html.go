package traceview

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"strings"
	"unicode"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/model.js
var modelJS string

//go:embed page/view.js
var viewJS string

// mostHTML is the size of a page, in bytes. A model that makes a larger one is cut.
const mostHTML = 5_000_000

// Source returns a few lines of the program around a place such as "queue.go:25 example.com/queue.Open", or "" if it
// has none. The text comes from a recording; it must not be used as a path.
type Source func(place string) string

// WriteHTML writes one page that shows one run, or several below each other, aligned at their difference. The page
// needs no network, runs no code but its own, and has at most 5 MB: of longer runs it shows fewer turns, and says so.
// Sources may be nil.
func WriteHTML(w io.Writer, sources Source, runs ...*Model) error {
	var list []page
	for _, m := range runs {
		list = append(list, m.page(sources))
	}
	data, err := json.Marshal(list) // escapes <, > and &
	for err == nil && len(data) > mostHTML-len(pageHTML)-len(pageCSS)-len(modelJS)-len(viewJS)-6*mostReport-1_000 {
		list = nil
		for i, m := range runs {
			runs[i] = m.half()
			list = append(list, runs[i].page(sources))
		}
		data, err = json.Marshal(list)
	}
	if err != nil {
		return err
	}
	title := "reprise"
	if len(runs) > 0 && runs[0].Title != "" {
		title = runs[0].Title + " - reprise"
	}
	report := ""
	if len(runs) > 0 && runs[0].Report != "" {
		report = "<details class=\"report\" open><summary>report</summary><pre tabindex=\"0\">" +
			html.EscapeString(clipped(runs[0].Report)) + "</pre></details>"
	}
	script := modelJS + viewJS
	_, err = strings.NewReplacer(
		"{{.Title}}", html.EscapeString(title), "{{.Style}}", pageCSS, "{{.Script}}", script, "{{.Data}}", string(data),
		"{{.Report}}", report, "{{.StyleHash}}", hash(pageCSS), "{{.ScriptHash}}", hash(script),
	).WriteString(w, pageHTML)
	return err
}

// mostReport is the size of a report in a page, in bytes.
const mostReport = 100_000

// clipped returns a report without what is too long, and without characters that are no text.
func clipped(report string) string {
	report = strings.ToValidUTF8(report[:min(len(report), mostReport)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, report)
}

// hash returns the source expression of a content security policy (https://www.w3.org/TR/CSP3/) for an inline text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// half returns the model with the half of the turns around the one that matters.
func (m *Model) half() *Model {
	c := *m
	keep := max(len(m.Turns)/2, 1)
	from := m.First + len(m.Turns) - keep
	for _, a := range m.Marks {
		if a.Kind == MarkFailure || a.Kind == MarkDifference {
			from = min(max(a.Turn-keep/2, m.First), from)
			break
		}
	}
	c.Waits, c.Arrows, c.Marks = nil, nil, nil
	c.Turns = m.Turns[from-m.First : from-m.First+keep]
	c.First = from
	for _, w := range m.Waits {
		if w.To > from && w.From < from+keep {
			c.Waits = append(c.Waits, w)
		}
	}
	for _, a := range m.Arrows {
		if a.Turn >= from && a.At < from+keep {
			c.Arrows = append(c.Arrows, a)
		}
	}
	for _, a := range m.Marks {
		if a.Turn >= from && a.Turn < from+keep {
			c.Marks = append(c.Marks, a)
		}
	}
	return &c
}

// page is a model in the compact form that page/model.js decodes: rows are arrays, texts are numbers in a table.
type page struct {
	Title    string            `json:"title"`
	Seed     string            `json:"seed"`
	Ordinary bool              `json:"ordinary"`
	First    int               `json:"first"`
	Total    int               `json:"total"`
	LeftOut  string            `json:"leftOut"`
	End      string            `json:"end"`
	Damage   string            `json:"damage"`
	Cause    string            `json:"cause,omitempty"`
	Curve    [][]int           `json:"curve,omitempty"`
	Stood    []int             `json:"stood,omitempty"`
	Texts    []string          `json:"texts"`
	Lanes    [][]any           `json:"lanes"`
	Turns    [][]any           `json:"turns"`
	Waits    [][]any           `json:"waits"`
	Arrows   [][]any           `json:"arrows"`
	Marks    [][]any           `json:"marks"`
	Sources  map[string]string `json:"sources,omitempty"`
}

func (m *Model) page(sources Source) page {
	p := page{Title: m.Title, Seed: fmt.Sprintf("%#x", m.Seed), Ordinary: m.Ordinary, First: m.First, Total: m.Total,
		LeftOut: m.leftOut(), End: m.End, Damage: m.Damage, Lanes: [][]any{}, Turns: [][]any{}, Waits: [][]any{},
		Arrows: [][]any{}, Marks: [][]any{}}
	known := map[string]int{}
	text := func(s string) int {
		n, ok := known[s]
		if !ok {
			n = len(p.Texts)
			known[s], p.Texts = n, append(p.Texts, s)
		}
		return n
	}
	for _, l := range m.Lanes {
		p.Lanes = append(p.Lanes, []any{text(l.Short), text(l.Name), text(l.Group), l.Begin, l.End})
	}
	for _, t := range m.Turns {
		acts := make([]int, len(t.Acts))
		for i, a := range t.Acts {
			acts[i] = text(a)
		}
		objects := make([]int, len(t.Objects))
		for i, o := range t.Objects {
			objects[i] = text(o)
		}
		p.Turns = append(p.Turns, []any{t.Lane, t.Event, t.Decision, t.Points, t.Ready, t.Time, t.Stop.letter(),
			text(t.How), text(t.Object), text(t.Place), acts, objects})
	}
	for _, w := range m.Waits {
		holders := append([]int{}, w.Holders...)
		p.Waits = append(p.Waits, []any{w.Lane, w.From, w.To, w.State.String(), text(w.How), text(w.Object), holders})
	}
	for _, a := range m.Arrows {
		p.Arrows = append(p.Arrows, []any{a.From, a.To, a.Turn, a.Kind.String(), a.At})
	}
	for _, a := range m.Marks {
		p.Marks = append(p.Marks, []any{a.Lane, a.Turn, a.Kind.String(), text(a.Text)})
	}
	p.Curve, p.Stood = m.curve(), m.stood()
	if m.Report == "" { // which says it too
		p.Cause = strings.Join(m.causeLines(), "\n")
	}
	p.Sources = m.sources(sources)
	return p
}

// sources returns the lines of the program around the places of the turns.
func (m *Model) sources(of Source) map[string]string {
	if of == nil {
		return nil
	}
	all := map[string]string{}
	for _, t := range m.Turns {
		if _, known := all[t.Place]; !known && t.Place != "" {
			all[t.Place] = of(t.Place)
		}
	}
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

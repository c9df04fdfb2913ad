package results

import (
	_ "embed"
	"html/template"
	"io"
	"net/url"
)

//go:embed report.html
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{"rate": rate}).Parse(pageText))

// HTML writes the report as a page that needs no network and has no scripts. Package html/template escapes all texts.
func (r *Report) HTML(w io.Writer) error {
	return page.Execute(w, map[string]any{"Report": r, "Rates": r.rates(), "Broken": r.Broken()})
}

// uri returns a relative path as a relative reference.
func uri(path string) string { return (&url.URL{Path: path}).EscapedPath() }

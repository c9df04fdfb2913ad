package traceview_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/reprise-go/reprise/traceview"
)

// browser starts a headless Chromium, or says what is missing. Where REPRISE_BROWSER is set, as in .ci/run, it must be
// there.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		text := "no Chromium, so pages are not tested; install it, on Debian with: apt-get install chromium"
		if os.Getenv("REPRISE_BROWSER") != "" {
			t.Fatal(text)
		}
		t.Log(text)
		return nil
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WindowSize(1300, 900), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// number and text evaluate an expression.
func (p tab) number(expression string) float64 { return eval[float64](p, expression) }
func (p tab) text(expression string) string    { return eval[string](p, expression) }

func eval[T any](p tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// show opens the page of some models.
func show(t *testing.T, ctx context.Context, models ...*traceview.Model) tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := traceview.WriteHTML(f, func(string) string { return "> 7 the line" }, models...); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	p := tab{t, ctx}
	p.do(chromedp.Navigate("file://"+path), chromedp.WaitVisible(chromedp.CSS("svg.chart")))
	return p
}

// TestPage opens pages in a real browser: the lanes are those of the model, and zoom, search, filter, keyboard and
// table work, without an error on the console.
func TestPage(t *testing.T) {
	ctx := browser(t)
	if ctx == nil {
		return
	}
	var errors []string
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			errors = append(errors, fmt.Sprint(e.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			errors = append(errors, fmt.Sprint("console: ", e.Type))
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		m := open(t, name, traceview.Options{Focus: -1})
		p := show(t, ctx, m)
		checkLanes(t, p, m)
		checkKeys(t, p, m)
		checkSearch(t, p, m)
		checkContrast(t, p, "light")
		checkContrast(t, p, "dark")
	}
	checkTwo(t, ctx)
	if len(errors) > 0 {
		t.Errorf("on the console: %q", errors)
	}
	const script = `const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s);
		window.ran === true`
	if eval[bool](show(t, ctx, open(t, names[0], traceview.Options{Focus: -1})), script) {
		t.Error("the policy lets the page run a script that is not its own")
	}
}

func checkLanes(t *testing.T, p tab, m *traceview.Model) {
	t.Helper()
	var want []string
	for _, l := range m.Lanes {
		want = append(want, strings.TrimSpace(l.Short+" "+l.Name))
	}
	got := p.text(`[...document.querySelectorAll(".lane")].map((l) => l.textContent).join("|")`)
	if got != strings.Join(want, "|") {
		t.Errorf("the lanes are %q, want %q", got, want)
	}
	if n := p.number(`document.querySelectorAll("rect.turn").length`); int(n) != len(m.Turns) {
		t.Errorf("%v turns are drawn, want %d", n, len(m.Turns))
	}
	if n := p.number(`document.querySelectorAll("tbody tr").length`); int(n) != len(m.Turns) {
		t.Errorf("the table has %v rows, want %d", n, len(m.Turns))
	}
	for i, turn := range m.Turns { // each in the row of its lane
		y := p.number(fmt.Sprintf(`Number(document.querySelector('rect[data-turn="%d"]').getAttribute("y"))`, m.First+i))
		if lane := int(y-30) / 26; lane != turn.Lane {
			t.Errorf("turn %d is drawn in lane %d, want %d", i, lane, turn.Lane)
		}
	}
}

func checkKeys(t *testing.T, p tab, m *traceview.Model) {
	t.Helper()
	p.do(chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight))
	details := p.text(`document.getElementById("details").textContent`)
	second := m.Turns[1]
	for _, want := range []string{m.Lanes[second.Lane].Short, fmt.Sprintf("decision%d", second.Decision),
		fmt.Sprintf("event %d", second.Event)} {
		if !strings.Contains(details, want) {
			t.Errorf("after Home and Right the details are %q, without %q", details, want)
		}
	}
	if second.Place != "" && !strings.Contains(details, "> 7 the line") {
		t.Errorf("the details lack the source: %q", details)
	}
	if n := p.number(`document.querySelectorAll("rect.selected").length`); n != 1 {
		t.Errorf("%v turns are selected", n)
	}
	before := p.number(`Number(document.querySelector("rect.selected").getAttribute("width"))`)
	p.do(chromedp.KeyEvent("+"))
	if after := p.number(`page.span`); after >= float64(len(m.Turns)) && len(m.Turns) > 4 {
		t.Errorf("after + the page shows %v turns of %d; the selected one was %v wide", after, len(m.Turns), before)
	}
	click := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](`document.querySelector("` + selector + `").click()`)
	}
	p.do(chromedp.KeyEvent("0"), click("summary"), chromedp.WaitVisible(chromedp.CSS("tbody")),
		click("tbody tr:last-child"))
	last := m.First + len(m.Turns) - 1
	if got := p.text(`document.querySelector("rect.selected").dataset.turn`); got != fmt.Sprint(last) {
		t.Errorf("a click on the last row selects turn %s, want %d", got, last)
	}
	if n := p.number(`document.querySelectorAll("tr.selected").length`); n != 1 {
		t.Errorf("%v rows are selected", n)
	}
}

func checkSearch(t *testing.T, p tab, m *traceview.Model) {
	t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "ENDS"))
	want := 0
	for _, turn := range m.Turns {
		if strings.Contains(turn.How, "ends") {
			want++
		}
	}
	if got := p.text(`document.getElementById("found").textContent`); !strings.HasPrefix(got, fmt.Sprint(want, " turn")) {
		t.Errorf("a search for ENDS finds %q, want %d", got, want)
	}
	if n := p.number(`document.querySelectorAll("rect.hit").length`); int(n) != want {
		t.Errorf("%v turns are marked as found, want %d", n, want)
	}
	p.do(chromedp.SendKeys(chromedp.CSS("#filter"), m.Lanes[0].Short+" "+m.Lanes[0].Name))
	if n := p.number(`document.querySelectorAll(".lane").length`); n != 1 {
		t.Errorf("the filter leaves %v lanes, want 1", n)
	}
	p.do(chromedp.Evaluate[chromedp.Void](`
		document.getElementById("filter").value = "";
		document.getElementById("filter").dispatchEvent(new Event("input"));
		document.getElementById("axis").value = "time";
		document.getElementById("axis").dispatchEvent(new Event("change"))`))
	if n := p.number(`document.querySelectorAll("rect.turn").length`); int(n) != len(m.Turns) {
		t.Errorf("over virtual time %v turns are drawn, want %d", n, len(m.Turns))
	}
}

// contrast computes the ratio of the Web Content Accessibility Guidelines 2.2, 1.4.3, of texts and of bars.
const contrast = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255).map((v) =>
      v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const body = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (color) => { const l = light(color); return (Math.max(l, body) + 0.05) / (Math.min(l, body) + 0.05); };
  const bad = [];
  const check = (query, property, least) => document.querySelectorAll(query).forEach((e) => {
    const color = getComputedStyle(e)[property];
    if (ratio(color) < least) bad.push(query + " " + color + " " + ratio(color).toFixed(2));
  });
  for (const q of ["h1", "h2", ".about", ".legend", ".lane", "label", "td", "th", "caption", "dt", "dd", "summary"]) {
    check(q, "color", 4.5);
  }
  check("text.tick", "fill", 4.5);
  for (const q of ["rect.turn", "rect.waiting", "rect.sleeping"]) check(q, "fill", 3);
  check("line.failure", "stroke", 3);
  return [...new Set(bad)].join("; ");
})()`

func checkContrast(t *testing.T, p tab, scheme string) {
	t.Helper()
	if _, err := chromedp.Run(p.ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return chromedp.Void{}, err
	}); err != nil {
		t.Fatal(err)
	}
	if bad := p.text(contrast); bad != "" {
		t.Errorf("%s: too little contrast: %s", scheme, bad)
	}
}

// checkTwo opens the page of two runs, which are aligned at their difference.
func checkTwo(t *testing.T, ctx context.Context) {
	t.Helper()
	o := traceview.Options{Focus: 12, Difference: "here they differ"}
	p := show(t, ctx, open(t, names[1], o), open(t, names[2], o))
	if n := p.number(`document.querySelectorAll("svg.chart").length`); n != 2 {
		t.Errorf("%v charts, want 2", n)
	}
	places := eval[[]string](p, `[...document.querySelectorAll("line.difference")].map((l) => l.getAttribute("x1"))`)
	if len(places) != 2 || places[0] != places[1] {
		t.Errorf("the differences stand at %q, want two at the same place", places)
	}
}

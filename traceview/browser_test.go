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
		checkPaper(t, p)
		checkContrast(t, p, "light")
		checkContrast(t, p, "dark")
	}
	checkTwo(t, ctx)
	checkCurve(t, ctx)
	checkFold(t, ctx)
	checkFunctions(t, ctx)
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
	got := p.text(`[...document.querySelectorAll(".lane .name")].map((l) => l.textContent).join("|")`)
	if got != strings.Join(want, "|") {
		t.Errorf("the lanes are %q, want %q", got, want)
	}
	if n := p.number(`document.querySelectorAll("rect.turn").length`); int(n) != len(m.Turns) {
		t.Errorf("%v turns are drawn, want %d", n, len(m.Turns))
	}
	if n := p.number(`document.querySelectorAll("tbody tr").length`); int(n) != len(m.Turns) {
		t.Errorf("the table has %v rows, want %d", n, len(m.Turns))
	}
	top := p.number(`page.charts[0].top`)
	for i, turn := range m.Turns { // each in the row of its lane
		y := p.number(fmt.Sprintf(`Number(document.querySelector('rect[data-turn="%d"]').getAttribute("y"))`, m.First+i))
		if lane := int(y-top) / 26; lane != turn.Lane {
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
	for i, turn := range m.Turns {
		text := turn.Sentence()
		for _, a := range m.Marks {
			if a.Turn == m.First+i {
				text += " " + a.Text
			}
		}
		if strings.Contains(text, "ends") {
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

// checkPaper checks that on paper each lane still stands beside its name, and that a turn is inside of the chart.
func checkPaper(t *testing.T, p tab) {
	t.Helper()
	emulate := func(media string) {
		t.Helper()
		if _, err := chromedp.Run(p.ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
			return chromedp.Void{}, err
		}); err != nil {
			t.Fatal(err)
		}
	}
	fire := func(name string) {
		p.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("` + name + `"))`))
	}
	emulate("print")
	fire("beforeprint")
	const off = `(() => {
		const chart = page.charts[0], box = (e) => e.getBoundingClientRect();
		const names = [...chart.names.querySelectorAll(".lane")], lanes = chart.shown();
		return Math.max(...[...chart.svg.querySelectorAll("rect.turn")].map((r) => {
			const lane = chart.run.turns[Number(r.dataset.turn) - chart.run.first].lane;
			const name = box(names[lanes.findIndex((l) => l.index === lane)]);
			const outside = Math.max(box(chart.svg).left - box(r).left, box(r).right - box(chart.svg).right, 0);
			return Math.abs(name.top + name.height / 2 - box(r).top - box(r).height / 2) + outside;
		})); })()`
	if d := p.number(off); d > 2 {
		t.Errorf("on paper a turn is %v pixels off its lane", d)
	}
	if width := p.number(`Number(page.charts[0].svg.getAttribute("viewBox").split(" ")[2])`); width > 500 {
		t.Errorf("on paper the chart is drawn for %v pixels", width)
	}
	emulate("")
	fire("afterprint")
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
  for (const q of [".differs", ".scale", ".cause pre", "button"]) check(q, "color", 4.5);
  for (const q of ["line.failure", "polyline.curve", "rect.stood", "line.cause"]) check(q, "stroke", 3);
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

// checkCurve opens the page of a run with what decided it: the curve has its samples where their decisions are, the
// lane that stands in the middle of something is framed from the turn in which it stops to that in which it goes on,
// and the text says what decided the run.
func checkCurve(t *testing.T, ctx context.Context) {
	t.Helper()
	m := open(t, "decided.reprise", traceview.Options{Focus: -1})
	p := show(t, ctx, m)
	if n := p.number(`document.querySelectorAll("circle.curve").length`); int(n) != len(m.Cause.Curve) {
		t.Errorf("the curve has %v samples, want %d", n, len(m.Cause.Curve))
	}
	// Every turn of this run is one decision long, so the sample for a decision lies where the next turn starts.
	const off = `Math.max(...[...document.querySelectorAll("circle.curve")].map((c) => {
		const n = Number(/after decision ([0-9]+)/.exec(c.textContent)[1]);
		const next = document.querySelector('rect[data-turn="' + n + '"]');
		const last = document.querySelector('rect[data-turn="' + (n - 1) + '"]');
		const x = (e, name) => Number(e.getAttribute(name));
		const want = next ? x(next, "x") : x(last, "x") + x(last, "width");
		return Math.abs(Number(c.getAttribute("cx")) - want);
	}))`
	if d := p.number(off); d > 1 {
		t.Errorf("a sample of the curve is %v pixels beside its decision", d)
	}
	heights := eval[[]float64](p, `[...document.querySelectorAll("circle.curve")].map((c) => Number(c.getAttribute("cy")))`)
	for i, s := range m.Cause.Curve[1:] { // a larger rate is drawn higher
		if before := m.Cause.Curve[i]; s.Rate() > before.Rate() != (heights[i+1] < heights[i]) {
			t.Errorf("after %d decisions the rate is %v, before %v; drawn at %v", s.Decisions, s.Rate(), before.Rate(), heights)
		}
	}
	const frame = `(() => {
		const r = document.querySelector("rect.stood"), x = (n) => document.querySelector('rect[data-turn="' + n + '"]');
		return [Number(r.getAttribute("x")) - Number(x(23).getAttribute("x")),
			Number(r.getAttribute("x")) + Number(r.getAttribute("width")) - Number(x(26).getAttribute("x")),
			Number(x(23).getAttribute("y")) - Number(r.getAttribute("y"))]; })()`
	if got := eval[[]float64](p, frame); len(got) != 3 || max(got[0], -got[0], got[1], -got[1]) > 1 || got[2] != 4 {
		t.Errorf("the frame lies %v off its turns", got)
	}
	const said = "check-then-act: what 0.0.1 saw before it unlocked mutex 1"
	if got := p.text(`document.querySelector(".cause pre").textContent`); !strings.Contains(got, said) {
		t.Errorf("the page says %q, without %q", got, said)
	}
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "critical pair"))
	if n := p.number(`document.querySelectorAll("rect.hit").length`); n != 3 {
		t.Errorf("a search finds %v turns of the critical pair, want 3", n)
	}
}

// checkFold opens the page of two runs with a long common start: it is folded, and unfolds by the block, its button and
// the keyboard; the difference stays at one place in both runs.
func checkFold(t *testing.T, ctx context.Context) {
	t.Helper()
	o := traceview.Options{Focus: 60, Difference: "here they differ"}
	p := show(t, ctx, open(t, "decided.reprise", o), open(t, "decided.reprise", o))
	const all, folded = 28, 20 // turns, and those before the three that precede the difference in turn 24
	check := func(what string, want int) {
		t.Helper()
		if n := p.number(`document.querySelectorAll("rect.turn").length`); int(n) != 2*want {
			t.Errorf("%s: %v turns are drawn, want twice %d", what, n, want)
		}
		const rows = `[...document.querySelectorAll("tbody tr[data-turn]")].filter((r) => !r.closest("[hidden]")).length`
		if n := p.number(rows); int(n) != 2*want {
			t.Errorf("%s: the tables have %v rows, want twice %d", what, n, want)
		}
		if n := p.number(`document.querySelectorAll("rect.fold").length`); (n == 2) != (want < all) {
			t.Errorf("%s: %v blocks of folded turns", what, n)
		}
		places := eval[[]string](p, `[...document.querySelectorAll("line.difference")].map((l) => l.getAttribute("x1"))`)
		if len(places) != 2 || places[0] != places[1] {
			t.Errorf("%s: the differences stand at %q, want two at the same place", what, places)
		}
	}
	click := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](`document.querySelector("` + selector +
			`").dispatchEvent(new MouseEvent("click", { bubbles: true }))`)
	}
	check("at first", all-folded)
	if got := p.text(`document.querySelector("g.fold text").textContent`); !strings.Contains(got, "20 equal turns") {
		t.Errorf("the block says %q", got)
	}
	if got := p.text(`document.querySelector(".differs").textContent`); !strings.Contains(got, "here they differ") {
		t.Errorf("the page says %q of the difference", got)
	}
	steps := []struct {
		what string
		do   chromedp.Action[chromedp.Void]
		want int
	}{
		{"after the key f", chromedp.KeyEvent("f"), all},
		{"after it again", chromedp.KeyEvent("f"), all - folded},
		{"after a click on the block", click("rect.fold"), all},
		{"after the button", click("#fold"), all - folded},
		{"after Enter on the block", chromedp.Evaluate[chromedp.Void](`document.querySelector("g.fold").dispatchEvent(
			new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))`), all},
		{"folded again", chromedp.KeyEvent("f"), all - folded},
		{"after the button of the table", click("tbody.folded button"), all},
		{"folded for the last time", chromedp.KeyEvent("f"), all - folded},
		{"after Right, which goes to the first turn that is not folded", chromedp.KeyEvent(kb.ArrowRight), all - folded},
		{"after Left, into what was folded", chromedp.KeyEvent(kb.ArrowLeft), all},
	}
	for _, s := range steps {
		p.do(s.do)
		check(s.what, s.want)
	}
	if got := p.text(`document.querySelector("rect.selected").dataset.turn`); got != fmt.Sprint(folded-1) {
		t.Errorf("turn %s is selected, want %d", got, folded-1)
	}
	for _, scheme := range []string{"light", "dark"} {
		checkContrast(t, p, scheme)
	}
}

// checkFunctions calls the functions of page/model.js by themselves.
func checkFunctions(t *testing.T, ctx context.Context) {
	t.Helper()
	p := show(t, ctx, open(t, names[0], traceview.Options{Focus: -1}))
	const run = `{ first: 10, marks: [{ kind: "difference", lane: -1, turn: 16 }], lanes: [{ short: "T1" }], turns: [
		{ decision: 11, points: 0, time: 0 }, { decision: 12, points: 3, time: 0 }, { decision: 16, points: 0, time: 5 },
		{ decision: 17, points: 0, time: 5 }, { decision: 18, points: 0, time: 5 }, { decision: 19, points: 0, time: 5 },
		{ decision: 20, points: 0, time: 10 }, { decision: 21, points: 0, time: 20 }] }`
	for call, want := range map[string]string{
		`matching(run)`:                                                          "3",
		`matching({ first: 0, marks: [] })`:                                      "0",
		`positions(run, "turns").join()`:                                         "0,1,2,3,4,5,6,7,8",
		`positions(run, "turns", 3).join()`:                                      "0,1,2,3,4,5,6,7,8",
		`positions(run, "turns", 7).map((x) => x.toFixed(1)).join()`:             "0.0,0.4,0.9,1.3,1.7,2.1,2.6,3.0,4.0",
		`positions(run, "time").join()`:                                          "0,1,8,9,10,11,18,31,32",
		`after(run, positions(run), 11)`:                                         "1",
		`after(run, positions(run), 13)`:                                         "1.5",
		`after(run, positions(run), 15)`:                                         "2",
		`after(run, positions(run), 21)`:                                         "8",
		`after(run, positions(run), 0)`:                                          "NaN",
		`after(run, positions(run), 30)`:                                         "NaN",
		`waitText(run, { how: "waits: Lock", object: "mutex 1", holders: [0] })`: "waits: Lock on mutex 1, held by T1",
		`nanos(1500000)`:                                                         "1.5 ms",
	} {
		if got := p.text(`((run) => String(` + call + `))(` + run + `)`); got != want {
			t.Errorf("%s is %s, want %s", call, got, want)
		}
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

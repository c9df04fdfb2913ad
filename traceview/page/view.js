// The page: charts of one or two runs that share a zoom, the details of the selected turn, and the table.

const svgNS = "http://www.w3.org/2000/svg";
const laneHeight = 26;
const topHeight = 30;
const curveHeight = 54;
const paperWidth = 490; // of a chart on A4 or Letter, beside the names

// element makes an element with attributes and children.
function element(name, attributes, ...children) {
  const svg = ["svg", "rect", "line", "text", "path", "g", "title", "circle", "polygon", "polyline"].includes(name);
  const e = svg ? document.createElementNS(svgNS, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// Chart draws one run.
class Chart {
  constructor(page, run, index) {
    Object.assign(this, { page, run, index, selected: -1, hits: new Set(), object: "" });
    this.filter = "";
    this.top = topHeight + (run.curve ? curveHeight : 0);
    this.svg = element("svg", { class: "chart", role: "img", preserveAspectRatio: "none", "aria-label": "schedule of " + run.title });
    this.names = element("div", { class: "names" });
    const head = run.turns.length + " of " + run.total + " turns, " + run.lanes.length + " lanes" +
      (run.leftOut ? " (" + run.leftOut + ")" : "") + (run.end ? "; the run ended: " + run.end : "");
    this.root = element("section", { class: "run" },
      element("h2", {}, run.title || "run " + (index + 1)), element("p", { class: "about" }, head));
    const d = difference(run);
    if (d) this.root.append(element("p", { class: "differs" }, "≠ first difference, after turn " + (d.turn + 1) + ": " + d.text));
    if (run.damage) this.root.append(element("p", { class: "damage", role: "alert" }, "the recording is damaged: " + run.damage));
    this.root.append(element("div", { class: "plot" }, this.names, this.svg));
    if (run.cause) {
      this.root.append(element("details", { class: "cause", open: "" }, element("summary", {}, "what decided the run"),
        element("pre", { tabindex: "0" }, run.cause)));
    }
    this.svg.addEventListener("click", (e) => {
      const turn = e.target.closest("[data-turn]");
      if (turn) page.select(this, Number(turn.dataset.turn));
      if (e.target.closest(".fold")) page.fold(false);
    });
    this.svg.addEventListener("keydown", (e) => {
      if (e.target.closest(".fold") && (e.key === "Enter" || e.key === " ")) {
        page.fold(false);
        e.preventDefault();
      }
    });
  }

  // folded is the number of turns at the start that are folded.
  get folded() { return this.page.folded ? matching(this.run) : 0; }

  positions() { return positions(this.run, this.page.axis, this.folded); }

  // shown returns the lanes that pass the filter.
  shown() {
    const f = this.filter.toLowerCase();
    return this.run.lanes.filter((l) => !f || (laneName(l) + " " + l.group).toLowerCase().includes(f));
  }

  draw() {
    const { run } = this;
    const lanes = this.shown();
    const row = new Map(lanes.map((l, i) => [l.index, this.top + i * laneHeight]));
    const width = this.width || Math.max(this.svg.clientWidth || this.svg.parentNode.clientWidth - 220, 200);
    const height = this.top + lanes.length * laneHeight + 4;
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    let group0 = null;
    this.names.replaceChildren(...(run.curve ? [element("div", { class: "scale" },
      element("span", {}, "continuations that fail"), element("span", { class: "bounds" }, "100 %", element("br"), "0 %"))] : []),
      ...lanes.map((l) => this.name(l, l.group !== group0 && (group0 = l.group))));
    const at = this.positions(), first = run.first + this.folded;
    const from = this.page.from + this.shift(at), scale = width / this.page.span;
    const x = (i) => (at[Math.max(0, Math.min(i - run.first, at.length - 1))] - from) * scale;
    const seen = new Set();
    const group = element("g");
    const visible = (a, b) => b >= 0 && a <= width;
    const once = (kind, lane, a, b) => {
      if (b - a > 1.5) return true;
      const key = kind + lane + "/" + Math.round(a);
      return !seen.has(key) && seen.add(key);
    };
    this.axisLine(group, x, width);
    this.curve(group, (place) => (place - from) * scale, at);
    this.stood(group, row, x);
    for (const w of run.waits) {
      const a = x(Math.max(w.from, first)), b = x(w.to);
      if (!row.has(w.lane) || !visible(a, b) || b <= a || !once("w", w.lane, a, b)) continue;
      group.append(this.bar("wait " + w.state + this.dim([w.object]), a, row.get(w.lane) + 9, b - a, 8,
        waitText(run, w), null));
    }
    for (const t of run.turns.slice(this.folded)) {
      const a = x(t.number), b = x(t.number + 1);
      if (!row.has(t.lane) || !visible(a, b) || !once("t", t.lane, a, b)) continue;
      const cls = "turn stop-" + (t.stop || "none") + (this.selected === t.number ? " selected" : "") +
        (this.hits.has(t.number) ? " hit" : "") + this.dim(t.objects);
      group.append(this.bar(cls, a, row.get(t.lane) + 4, Math.max(b - a - 0.5, 1), 18, sentence(run, t), t.number));
    }
    this.arrows(group, row, x, visible);
    this.marks(group, row, x, visible, height);
    if (this.folded) this.fold(group, x, height);
    this.svg.replaceChildren(group);
  }

  // name labels a lane. The first lane of a region has its name; a goroutine stands below the one that started it.
  name(lane, first) {
    const depth = this.run.ordinary ? Math.min(lane.short.split(".").length - 1, 6) : 0;
    const e = element("div", { class: "lane depth" + depth + (first && !this.run.ordinary ? " first" : ""),
      title: laneName(lane) + (lane.group ? " (" + (this.run.ordinary ? "started by " : "in ") + lane.group + ")" : "") },
      element("span", { class: "name" }, laneName(lane)));
    if (first && !this.run.ordinary) e.append(element("span", { class: "group" }, lane.group));
    return e;
  }

  // shift aligns the runs of a comparison at their difference.
  shift(at) {
    const d = difference(this.run), other = difference(this.page.charts[0].run);
    if (this.index === 0 || !d || !other) return 0;
    const first = this.page.charts[0].positions();
    return at[d.turn - this.run.first] - first[other.turn - this.page.charts[0].run.first] || 0;
  }

  dim(objects) { return this.object && !objects.includes(this.object) ? " dim" : ""; }

  bar(cls, x, y, width, height, title, turn) {
    const attributes = { class: cls, x: x.toFixed(2), y, width: width.toFixed(2), height, rx: 2 };
    if (turn !== null) attributes["data-turn"] = turn;
    return element("rect", attributes, element("title", {}, title));
  }

  axisLine(group, x, width) {
    const { run } = this;
    let last = -100;
    for (const t of run.turns.slice(this.folded)) {
      const a = x(t.number);
      if (a < 0 || a > width - 40 || a - last < 110) continue;
      last = a;
      group.append(element("line", { class: "tick", x1: a, x2: a, y1: 18, y2: 24 }),
        element("text", { class: "tick", x: a + 2, y: 14 }, this.page.axis === "time" ? nanos(t.time) : "#" + t.decision));
    }
  }

  // fold draws the block that stands for the turns that are folded.
  fold(group, x, height) {
    const { run } = this;
    const text = this.folded + " equal turns", a = Math.max(x(run.first), 0), b = x(run.first + this.folded);
    if (b <= 0) return;
    group.append(element("g", { class: "fold", role: "button", tabindex: "0", "aria-label": "unfold " + text },
      element("rect", { class: "fold", x: a, y: 18, width: Math.max(b - a - 1, 1), height: height - 20, rx: 3 },
        element("title", {}, text + "; click to unfold")),
      element("text", { class: "tick", x: a + 2, y: 14 }, "⋯ " + text)));
  }

  // curve draws the part of the continuations that fail, by the number of decisions that are as in the run.
  curve(group, place, at) {
    const { run } = this;
    if (!run.curve) return;
    const bottom = this.top - 8, y = (part) => bottom - part * (curveHeight - 14);
    const list = run.curve.map(([decisions, failed, of, low, high]) =>
      ({ decisions, failed, of, low, high, x: place(after(run, at, decisions)) })).filter((s) => Number.isFinite(s.x));
    const points = (f) => list.map((s) => s.x.toFixed(2) + "," + f(s).toFixed(2));
    for (const part of [0, 1]) {
      group.append(element("line", { class: "tick", x1: 0, x2: "100%", y1: y(part), y2: y(part) }));
    }
    group.append(
      element("polygon", { class: "curve", points: points((s) => y(s.high / 100)).concat(
        points((s) => y(s.low / 100)).reverse()).join(" ") }),
      element("polyline", { class: "curve", points: points((s) => y(s.failed / s.of)).join(" ") }));
    for (const s of list) {
      group.append(element("circle", { class: "curve", cx: s.x.toFixed(2), cy: y(s.failed / s.of).toFixed(2), r: 3 },
        element("title", {}, chance(s))));
    }
  }

  // stood marks the time in which a task stands in the middle of something.
  stood(group, row, x) {
    const [lane, from, to] = this.run.stood || [];
    if (lane === undefined || !row.has(lane)) return;
    const a = x(from), b = x(to + 1);
    group.append(element("rect", { class: "stood", x: a, y: row.get(lane), width: Math.max(b - a, 1), height: laneHeight },
      element("title", {}, "critical pair: " + laneName(this.run.lanes[lane]) + " stands here while others run")));
  }

  arrows(group, row, x, visible) {
    if (this.page.span > 400) return;
    for (const a of this.run.arrows) {
      if (a.turn < this.run.first + this.folded) continue;
      const sends = a.kind.startsWith("sends"); // beside the arrow of the wake-up, if there is one
      const from = x(a.turn + 1) - (sends ? 6 : 2), at = a.at > a.turn ? x(a.at) + 4 : from;
      if (!row.has(a.to) || a.from >= 0 && !row.has(a.from) || !visible(from, at)) continue;
      const y1 = a.from < 0 ? 20 : row.get(a.from) + laneHeight / 2, y2 = row.get(a.to) + laneHeight / 2;
      const tip = y2 > y1 ? -5 : 5;
      group.append(element("path", { class: "arrow " + a.kind.split(" ")[0],
        d: `M${from} ${y1}L${at} ${y2}M${at - 3} ${y2 + tip}L${at} ${y2}L${at + 3} ${y2 + tip}` },
        element("title", {}, a.kind + " " + this.run.lanes[a.to].short)));
    }
  }

  marks(group, row, x, visible, height) {
    for (const m of this.run.marks) {
      if (m.turn < this.run.first + this.folded) continue;
      const at = x(m.turn + 1) - 1;
      if (m.lane >= 0 && !row.has(m.lane) || !visible(at, at)) continue;
      const y = m.lane < 0 ? 24 : row.get(m.lane) + 3;
      if (["difference", "failure", "cause"].includes(m.kind)) {
        group.append(element("line", { class: "mark " + m.kind, x1: at, x2: at, y1: 16, y2: height },
          element("title", {}, m.text)));
      }
      group.append(element("circle", { class: "mark " + m.kind.replaceAll(" ", "-"), cx: at, cy: y, r: 3.5 },
        element("title", {}, m.kind + ": " + m.text)));
    }
  }

  table() {
    const { run } = this;
    const body = element("tbody"), equal = element("tbody", { class: "equal" });
    for (const t of run.turns) {
      const marks = run.marks.filter((m) => m.turn === t.number).map((m) => m.text).join("; ");
      const tr = element("tr", { "data-turn": t.number, tabindex: "0" },
        ...[t.decision, nanos(t.time), laneName(run.lanes[t.lane]), sentence(run, t), marks].map((c) =>
          element("td", {}, String(c))));
      tr.addEventListener("click", () => this.page.select(this, t.number));
      tr.addEventListener("keydown", (e) => { if (e.key === "Enter") this.page.select(this, t.number); });
      (t.number - run.first < matching(run) ? equal : body).append(tr);
    }
    const bodies = [body];
    if (equal.children.length) {
      const open = element("button", { type: "button" }, "⋯ " + equal.children.length + " equal turns: unfold");
      open.addEventListener("click", () => this.page.fold(false));
      bodies.unshift(element("tbody", { class: "folded" }, element("tr", {}, element("td", { colspan: 5 }, open))), equal);
    }
    const head = element("tr", {}, ...["decision", "time", "lane", "turn", "marks"].map((h) =>
      element("th", { scope: "col" }, h)));
    return element("details", { class: "table" }, element("summary", {}, "All turns of " + (run.title || "the run") + " as a table"),
      element("table", {}, element("caption", {}, "Turns of " + run.title), element("thead", {}, head), ...bodies));
  }
}

// Page is everything on the page.
class Page {
  constructor(runs) {
    this.axis = "turns";
    this.folded = true;
    this.charts = runs.map((run, i) => new Chart(this, run, i));
    this.current = this.charts[0];
    const main = document.getElementById("runs");
    for (const c of this.charts) main.append(c.root, c.table());
    this.controls();
    this.fold(this.charts.some((c) => matching(c.run)));
    const at = this.charts[0].positions();
    const focus = difference(runs[0]) || runs[0].marks.find((m) => m.kind === "failure");
    if (focus && at.length > 120 && this.length() > 120) this.move(at[focus.turn - runs[0].first] - 90, 120);
    window.addEventListener("resize", () => this.draw());
    window.addEventListener("beforeprint", () => this.print(paperWidth));
    window.addEventListener("afterprint", () => this.print(0));
    document.addEventListener("keydown", (e) => this.key(e));
  }

  controls() {
    const on = (id, event, f) => document.getElementById(id).addEventListener(event, f);
    on("search", "input", (e) => this.find(e.target.value));
    on("search", "keydown", (e) => { if (e.key === "Enter") this.next(); });
    on("filter", "input", (e) => this.charts.forEach((c) => { c.filter = e.target.value; c.draw(); }));
    on("axis", "change", (e) => { this.axis = e.target.value; this.fit(); });
    on("object", "change", (e) => this.charts.forEach((c) => { c.object = e.target.value; c.draw(); }));
    on("in", "click", () => this.zoom(0.5));
    on("out", "click", () => this.zoom(2));
    on("fit", "click", () => this.fit());
    on("fold", "click", () => this.fold(!this.folded));
    document.getElementById("fold").hidden = !this.charts.some((c) => matching(c.run));
    const list = document.getElementById("object");
    for (const name of new Set(this.charts.flatMap((c) => objects(c.run)))) {
      list.append(element("option", { value: name }, name));
    }
    for (const c of this.charts) this.mouse(c);
  }

  mouse(c) {
    let drag = null;
    c.svg.addEventListener("wheel", (e) => {
      e.preventDefault();
      const part = (e.clientX - c.svg.getBoundingClientRect().left) / c.svg.clientWidth;
      if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        this.move(this.from + (e.deltaX || e.deltaY) / 500 * this.span, this.span);
      } else this.zoom(e.deltaY > 0 ? 1.25 : 0.8, part);
    }, { passive: false });
    c.svg.addEventListener("pointerdown", (e) => { drag = { x: e.clientX, from: this.from }; });
    window.addEventListener("pointerup", () => { drag = null; });
    window.addEventListener("pointermove", (e) => {
      if (drag) this.move(drag.from - (e.clientX - drag.x) / c.svg.clientWidth * this.span, this.span);
    });
  }

  length() { return Math.max(...this.charts.map((c) => c.positions().at(-1)), 1); }

  // fold folds the turns that runs have in common, or unfolds them.
  fold(folded) {
    this.folded = folded;
    document.getElementById("fold").setAttribute("aria-pressed", String(!folded));
    document.querySelectorAll("tbody.folded").forEach((b) => { b.hidden = !folded; });
    document.querySelectorAll("tbody.equal").forEach((b) => { b.hidden = folded; });
    this.fit();
  }

  fit() { this.move(0, this.length()); }

  zoom(factor, part = 0.5) {
    const span = Math.min(Math.max(this.span * factor, 4), this.length());
    this.move(this.from + (this.span - span) * part, span);
  }

  move(from, span) {
    this.span = Math.max(span, 1);
    this.from = Math.max(Math.min(from, this.length() - this.span), 0);
    this.draw();
  }

  draw() { for (const c of this.charts) c.draw(); }

  // print draws the charts for paper, or for the screen again if the width is 0.
  print(width) {
    this.charts.forEach((c) => { c.width = width; });
    this.draw();
  }

  // select shows the details of a turn and brings it into view.
  select(chart, number) {
    const { run } = chart;
    const i = number - run.first;
    if (i < 0 || i >= run.turns.length) return;
    if (i < chart.folded) this.fold(false);
    this.charts.forEach((c) => { c.selected = c === chart ? number : -1; });
    this.current = chart;
    const at = chart.positions();
    const place = at[i] - chart.shift(at);
    if (place < this.from || at[i + 1] - chart.shift(at) > this.from + this.span) this.move(place - this.span / 2, this.span);
    else this.draw();
    this.details(run, run.turns[i]);
    chart.root.nextSibling.querySelectorAll("tr.selected").forEach((r) => r.classList.remove("selected"));
    const tr = chart.root.nextSibling.querySelector(`tr[data-turn="${number}"]`);
    if (tr) tr.classList.add("selected");
  }

  details(run, turn) {
    const list = element("dl");
    const add = (term, text) => { if (text) list.append(element("dt", {}, term), element("dd", {}, text)); };
    add("lane", laneName(run.lanes[turn.lane]) + (run.lanes[turn.lane].group ? " (" + run.lanes[turn.lane].group + ")" : ""));
    add("decision", turn.decision + (turn.ready ? ", one of " + turn.ready + " ready" : "") + ", event " + turn.event);
    add("time", nanos(turn.time));
    add("turn", sentence(run, turn));
    add("place", turn.place);
    add("marks", run.marks.filter((m) => m.turn === turn.number).map((m) => m.kind + ": " + m.text).join("; "));
    const others = element("ul");
    stateAt(run, turn.number).forEach((s, i) => {
      if (s.state === "gone" || s.state === "running") return;
      others.append(element("li", {}, laneName(run.lanes[i]) + ": " + (s.wait ? waitText(run, s.wait) : s.state)));
    });
    const parts = [list, element("h3", {}, "meanwhile"), others];
    const lines = run.sources && run.sources[turn.place];
    if (lines) parts.push(element("pre", { class: "source" }, lines));
    document.getElementById("details").replaceChildren(...parts);
  }

  find(query) {
    let n = 0;
    for (const c of this.charts) {
      c.hits = new Set(search(c.run, query));
      n += c.hits.size;
    }
    document.getElementById("found").textContent = query.trim() ? n + (n === 1 ? " turn" : " turns") : "";
    this.draw();
  }

  // next selects the next turn that was found.
  next() {
    const hits = [...this.current.hits];
    if (!hits.length) return;
    this.select(this.current, hits.find((n) => n > this.current.selected) ?? hits[0]);
  }

  key(e) {
    if (["INPUT", "SELECT", "TEXTAREA"].includes(e.target.tagName)) {
      if (e.key === "Escape") e.target.blur();
      return;
    }
    const c = this.current, first = c.run.first, last = first + c.run.turns.length - 1;
    const start = first + c.folded;
    const to = { ArrowRight: c.selected < 0 ? start : c.selected + 1, ArrowLeft: c.selected - 1, Home: first, End: last }[e.key];
    if (to !== undefined) this.select(c, Math.min(Math.max(to, first), last));
    else if (e.key === "+" || e.key === "=") this.zoom(0.5);
    else if (e.key === "-") this.zoom(2);
    else if (e.key === "0") this.fit();
    else if (e.key === "n") this.next();
    else if (e.key === "f" && !document.getElementById("fold").hidden) this.fold(!this.folded);
    else if (e.key === "/") document.getElementById("search").focus();
    else return;
    e.preventDefault();
  }
}

const page = new Page(JSON.parse(document.getElementById("data").textContent).map(decode));

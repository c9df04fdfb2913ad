"use strict";
// What a picture needs to know of a run, without a document: tests call these functions by themselves.

// decode returns a run from its compact form, in which texts are numbers of a table and rows are arrays.
function decode(data) {
  const s = data.texts;
  const run = Object.assign({}, data);
  run.lanes = data.lanes.map(([short, name, group, begin, end], index) =>
    ({ index, short: s[short], name: s[name], group: s[group], begin, end }));
  run.turns = data.turns.map(([lane, event, decision, points, ready, time, stop, how, object, place, acts, objects], i) =>
    ({ number: data.first + i, lane, event, decision, points, ready, time, stop, how: s[how], object: s[object],
      place: s[place], acts: acts.map((a) => s[a]), objects: objects.map((o) => s[o]) }));
  run.waits = data.waits.map(([lane, from, to, state, how, object, holders]) =>
    ({ lane, from, to, state, how: s[how], object: s[object], holders }));
  run.arrows = data.arrows.map(([from, to, turn, kind, at]) => ({ from, to, turn, kind, at }));
  run.marks = data.marks.map(([lane, turn, kind, text]) => ({ lane, turn, kind, text: s[text] }));
  return run;
}

// sentence says what happened in a turn.
function sentence(run, turn) {
  const parts = turn.acts.slice();
  if (turn.how) {
    parts.push(turn.how + (turn.object && !turn.how.includes(turn.object) ? " on " + turn.object : ""));
  }
  return (parts.join(", ") || "runs") + (turn.place ? " at " + turn.place.split(" ")[0] : "");
}

// laneName names a lane.
function laneName(lane) {
  return lane.name ? lane.short + " " + lane.name : lane.short;
}

// search returns the numbers of the turns whose lane, text or marks contain a text; case does not matter.
function search(run, query) {
  const q = query.trim().toLowerCase();
  if (!q) return [];
  const marked = new Set(run.marks.filter((m) => m.text.toLowerCase().includes(q)).map((m) => m.turn));
  return run.turns.filter((t) => marked.has(t.number) || laneName(run.lanes[t.lane]).toLowerCase().includes(q) ||
    sentence(run, t).toLowerCase().includes(q) || t.place.toLowerCase().includes(q)).map((t) => t.number);
}

// stateAt returns what each lane does during a turn, with the wait if there is one.
function stateAt(run, number) {
  const states = run.lanes.map(() => ({ state: "gone", wait: null }));
  for (const w of run.waits) {
    if (w.from <= number && number < w.to) states[w.lane] = { state: w.state, wait: w };
  }
  const turn = run.turns[number - run.first];
  if (turn) states[turn.lane] = { state: "running", wait: null };
  return states;
}

// waitText says what a lane waits for and which lanes hold that.
function waitText(run, wait) {
  return (wait.how || wait.state) + (wait.object && !wait.how.includes(wait.object) ? " on " + wait.object : "") +
    (wait.holders.length ? ", held by " + wait.holders.map((h) => run.lanes[h].short).join(", ") : "");
}

// objects returns the names of the objects that tasks wait for or do something to, sorted.
function objects(run) {
  return [...new Set(run.waits.map((w) => w.object).concat(run.turns.flatMap((t) => t.objects)).filter(Boolean))].sort();
}

// context is the number of turns before a difference that are not folded.
const context = 3;

// difference returns the mark of the first difference to another run.
function difference(run) {
  return run.marks.find((m) => m.kind === "difference" && m.lane < 0);
}

// matching returns how many turns at the start can be folded because another run has the same ones.
function matching(run) {
  const d = difference(run);
  const n = d ? d.turn - run.first - context : 0;
  return n > 1 ? Math.min(n, run.turns.length) : 0;
}

// positions returns the place of the start of each turn on the axis, and of the end of the last: with "turns" the
// number of the turn, with "time" each turn has the same least length, and the rest is spread by virtual time. The
// first turns can be folded, which gives them all together the length of a few.
function positions(run, axis, folded = 0) {
  const turns = run.turns.length, rest = turns - folded;
  const fold = folded ? Math.max(3, rest / 15) : 0;
  const start = rest ? run.turns[folded].time : 0;
  const span = rest ? run.turns[turns - 1].time - start || 1 : 1;
  const list = [];
  for (let i = 0; i <= turns; i++) {
    if (i < folded) {
      list.push(fold * i / folded);
      continue;
    }
    const t = run.turns[Math.min(i, turns - 1)];
    list.push(fold + i - folded + (axis === "time" && rest > 1 ? 3 * rest * (t.time - start) / span : 0));
  }
  return list;
}

// after returns the place on the axis behind a decision of the run, given the positions of its turns; NaN if the turn
// of the decision is not kept.
function after(run, at, decision) {
  if (decision === 0 && run.first === 0) return 0;
  const i = run.turns.findLastIndex((t) => t.decision <= decision);
  if (i < 0 || decision > run.turns[i].decision + run.turns[i].points) return NaN;
  const part = (decision - run.turns[i].decision + 1) / (run.turns[i].points + 1);
  return at[i] + part * (at[i + 1] - at[i]);
}

// chance says what a sample of the curve shows.
function chance(s) {
  return "after decision " + s.decisions + ": " + s.failed + " of " + s.of + " continuations fail (between " + s.low +
    " and " + s.high + " %)";
}

// nanos writes a duration.
function nanos(n) {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (n >= size) return String(Number((n / size).toPrecision(6))) + " " + unit;
  }
  return n + " ns";
}

"use strict";
// What a picture needs to know of a run, without a document: tests call these functions by themselves.

// decode returns a run from its compact form, in which texts are numbers of a table and rows are arrays.
function decode(data) {
  const s = data.texts;
  const run = Object.assign({}, data);
  run.lanes = data.lanes.map(([short, name, group, begin, end], index) =>
    ({ index, short: s[short], name: s[name], group: s[group], begin, end }));
  run.turns = data.turns.map(([lane, event, decision, points, ready, time, stop, how, object, place, acts], i) =>
    ({ number: data.first + i, lane, event, decision, points, ready, time, stop, how: s[how], object: s[object],
      place: s[place], acts: acts.map((a) => s[a]) }));
  run.waits = data.waits.map(([lane, from, to, state, how, object, holders]) =>
    ({ lane, from, to, state, how: s[how], object: s[object], holders }));
  run.arrows = data.arrows.map(([from, to, turn, kind]) => ({ from, to, turn, kind }));
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

// objects returns the names of the objects that tasks wait for, sorted.
function objects(run) {
  return [...new Set(run.waits.concat(run.turns).map((x) => x.object).filter(Boolean))].sort();
}

// positions returns the place of the start of each turn on the axis, and of the end of the last: with "turns" the
// number of the turn, with "time" each turn has the same least length, and the rest is spread by virtual time.
function positions(run, axis) {
  const list = run.turns.map((t, i) => i);
  list.push(run.turns.length);
  if (axis !== "time" || run.turns.length < 2) return list;
  const start = run.turns[0].time;
  const span = run.turns[run.turns.length - 1].time - start || 1;
  return list.map((x) => {
    const t = run.turns[Math.min(x, run.turns.length - 1)];
    return x + 3 * run.turns.length * (t.time - start) / span;
  });
}

// nanos writes a duration.
function nanos(n) {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (n >= size) return String(Number((n / size).toPrecision(6))) + " " + unit;
  }
  return n + " ns";
}

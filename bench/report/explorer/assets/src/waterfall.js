// From before to after, step by step, on a logarithmic axis: each bar begins where the last ended,
// and is as long as what its step changed. A mark at its end has the shape of the verdict, the line
// through it is the interval; what was predicted lies below.

import { h, s } from "./dom.js";
import { axisOf, place } from "./scale.js";
import { percent, reach, shapeAt } from "./strip.js";
import { classOf, pathOf } from "./verdicts.js";
import { withTip } from "./tip.js";

const HIGH = 32, BAR = 12, BELOW = 25;

/** Steps { interval, predicted } with where each begins (`from`), as a ratio to the beginning. */
export function course(steps) {
  let from = 1;
  return steps.map((one) => {
    const placed = { ...one, from };
    from *= one.interval?.[0] ?? 1;
    return placed;
  });
}

/** An axis that holds all of a course, and the whole as it was measured. */
export function axisOfCourse(placed, whole) {
  const ends = placed.flatMap((one) => (one.interval ?? []).map((ratio) => one.from * ratio));
  return axisOf([...ends, ...(whole ?? [])]);
}

/** The picture of one step; the tip is shown where it is pointed at or has the focus. */
export function fall(axis, { from, interval, kind, predicted }, lines) {
  const at = (ratio) => percent(place(axis, ratio));
  const picture = s("svg", { class: "strip fall", role: "img", tabindex: "0", "aria-label": lines.filter(Boolean).join(": "), height: HIGH, width: "100%" },
    s("line", { class: "zero", x1: at(1), x2: at(1), y1: 0, y2: HIGH }),
    s("line", { class: "level", x1: at(from), x2: at(from), y1: 0, y2: interval ? BAR : HIGH }));
  if (predicted) picture.append(guess(axis, from, from * predicted));
  if (interval) {
    const [ratio, low, high] = interval.map((one) => from * (one ?? NaN));
    picture.append(s("g", { class: classOf(kind) },
      s("rect", { class: "bar", y: BAR - 5, height: 10, ...between(axis, from, ratio) }),
      reach(axis, { low, high }, BAR), shapeAt(at(ratio), BAR, kind)),
    s("line", { class: "level", x1: at(ratio), x2: at(ratio), y1: BAR, y2: HIGH }));
  }
  return withTip(picture, lines);
}

/** Where it begins: a line, and nothing that changed. */
export function start(axis, words) {
  return fall(axis, { from: 1 }, [words]);
}

/** What was measured from the beginning to the end at once. */
export function end(axis, whole, kind, lines) {
  return fall(axis, { from: 1, interval: whole, kind }, lines);
}

function guess(axis, from, to) {
  const at = (ratio) => percent(place(axis, ratio));
  return s("g", { class: "guess" },
    s("line", { x1: at(from), x2: at(to), y1: BELOW, y2: BELOW }),
    s("svg", { x: at(to), y: BELOW, overflow: "visible", width: 1, height: 1 }, s("path", { d: "M0 -4.5L4.5 0L0 4.5L-4.5 0Z" })));
}

function between(axis, one, other) {
  const [low, high] = [place(axis, one), place(axis, other)].sort((a, b) => a - b);
  return { x: percent(low), width: percent(high - low) };
}

/** What the marks mean. */
export function fallLegend({ kinds, predicted = false }) {
  const sign = (...parts) => s("svg", { width: 22, height: 12, viewBox: "-11 -6 22 12", "aria-hidden": "true" }, parts);
  const bar = (kind) => s("g", { class: classOf(kind) }, s("rect", { class: "bar", x: -10, y: -4, width: 14, height: 8 }), s("path", { class: "shape", d: pathOf(kind), transform: "translate(4 0)" }));
  return h("ul", { class: "legend", "aria-label": "Marks" },
    kinds.map(([kind, words]) => h("li", {}, sign(bar(kind)), words)),
    h("li", {}, sign(s("g", { class: "mark is-even" }, s("line", { class: "reach", x1: -10, x2: 10, y1: 0, y2: 0 }))), "confidence interval"),
    predicted ? h("li", {}, sign(s("g", { class: "guess" }, s("line", { x1: -10, x2: 4, y1: 0, y2: 0 }), s("path", { d: "M0 -4.5L4.5 0L0 4.5L-4.5 0Z", transform: "translate(4 0)" }))), "predicted before anything was changed") : null);
}

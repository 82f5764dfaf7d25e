// Intervals on one axis: in each row of a table or list, the same axis above all of them.

import { h, s } from "./dom.js";
import { place, ticks } from "./scale.js";
import { classOf, pathOf } from "./verdicts.js";
import { withTip } from "./tip.js";

const WIDTH = 1000; // of the picture's own; it is stretched to its cell, marks are not

/**
 * One row. Each dot: { kind, ratio, low, high, tip }; `under` is drawn below them. Marks keep their
 * shape, as they are placed in per cent of the width.
 */
export function strip(axis, dots, { height, label, band = 0, under = [] }) {
  const picture = s("svg", { class: "strip", role: "img", "aria-label": label, height, width: "100%" });
  if (band) picture.append(span(axis, [1 / (1 + band), 1 + band], height));
  picture.append(...under);
  picture.append(s("line", { class: "zero", x1: percent(place(axis, 1)), x2: percent(place(axis, 1)), y1: 0, y2: height }));
  const known = dots.filter((one) => one.ratio > 0);
  const room = Math.min(9, (height - 10) / Math.max(known.length - 1, 1));
  const top = (height - room * (known.length - 1)) / 2;
  known.forEach((dot, index) => picture.append(mark(axis, dot, top + index * room)));
  return picture;
}

/** A dot of an interval as documents have it: [ratio, low, high]. */
export function dotOf(interval, kind, tip) {
  return interval ? [{ kind, ratio: interval[0], low: interval[1] ?? 0, high: interval[2] ?? Infinity, tip }] : [];
}

/** Of several scenarios, as lists have them: { scenario, python, change, kind, interval }. */
export function scenarioDots(found) {
  return found.flatMap((one) => dotOf(one.interval, one.kind, [`${one.scenario}, Python ${one.python}`, one.change]));
}

/** A stretch of the axis, as high as the row. */
export function span(axis, [low, high], height) {
  const start = place(axis, low), end = place(axis, high);
  return s("rect", { class: "band", x: percent(start), width: percent(end - start), y: 0, height });
}

function mark(axis, dot, y) {
  const group = s("g", { class: classOf(dot.kind) }, reach(axis, dot, y), shapeAt(percent(place(axis, dot.ratio)), y, dot.kind));
  return dot.tip ? withTip(group, dot.tip) : group;
}

/** The line of an interval; dotted where it has no end. */
export function reach(axis, { low, high }, y) {
  const bounded = low > 0 && Number.isFinite(high);
  const [start, end] = [low > 0 ? low : 0.000001, Number.isFinite(high) && high > 0 ? high : 1e6].map((one) => percent(place(axis, one)));
  return s("line", { class: bounded ? "reach" : "reach unbounded", x1: start, x2: end, y1: y, y2: y });
}

/** The shape of a verdict, with some room around it to point at. */
export function shapeAt(at, y, kind) {
  return s("svg", { x: at, y, overflow: "visible", width: 1, height: 1 },
    s("path", { class: "hit", d: "M-8 -6H8V6H-8Z" }), s("path", { class: "shape", d: pathOf(kind) }));
}

/** The numbers of the axis, for a line above or below the rows. */
export function axisLine(axis, most) {
  return [
    h("span", { class: "hidden" }, "interval, as a picture"),
    h("div", { class: "axis", "aria-hidden": "true" },
      h("span", { class: "way start" }, "← faster"),
      h("span", { class: "way end" }, "slower →"),
      ticks(axis, most).map(({ ratio, words }) =>
        h("span", { class: "tick", style: `left:${percent(place(axis, ratio))}` }, words))),
  ];
}

/** The same in the head of a table's column, which is narrow on a telephone. */
export function columnAxis(axis, most = 9) {
  return axisLine(axis, matchMedia("(max-width: 700px)").matches ? Math.min(most, 5) : most);
}

export function percent(share) {
  return `${Math.round(share * WIDTH) / (WIDTH / 100)}%`;
}

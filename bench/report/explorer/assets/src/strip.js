// Intervals on one axis: in each row of a table or list, the same axis above all of them.

import { h, s } from "./dom.js";
import { place, ticks } from "./scale.js";
import { classOf, pathOf } from "./verdicts.js";
import { withTip } from "./tip.js";

const WIDTH = 1000; // of the picture's own; it is stretched to its cell, marks are not

/**
 * One row. Each dot: { kind, ratio, low, high, tip }. Marks keep their shape, as they are placed in
 * per cent of the width.
 */
export function strip(axis, dots, { height, label, band = 0 }) {
  const picture = s("svg", { class: "strip", role: "img", "aria-label": label, height, width: "100%" });
  if (band) {
    const start = place(axis, 1 / (1 + band)), end = place(axis, 1 + band);
    picture.append(s("rect", { class: "band", x: percent(start), width: percent(end - start), y: 0, height }));
  }
  picture.append(s("line", { class: "zero", x1: percent(place(axis, 1)), x2: percent(place(axis, 1)), y1: 0, y2: height }));
  const known = dots.filter((one) => one.ratio > 0);
  const room = Math.min(9, (height - 10) / Math.max(known.length - 1, 1));
  const top = (height - room * (known.length - 1)) / 2;
  known.forEach((dot, index) => picture.append(mark(axis, dot, top + index * room)));
  return picture;
}

function mark(axis, dot, y) {
  const at = percent(place(axis, dot.ratio));
  const low = place(axis, dot.low > 0 ? dot.low : 0.000001), high = place(axis, dot.high > 0 ? dot.high : 1e6);
  const bounded = dot.low > 0 && Number.isFinite(dot.high);
  const group = s("g", { class: classOf(dot.kind) },
    s("line", { class: bounded ? "reach" : "reach unbounded", x1: percent(low), x2: percent(high), y1: y, y2: y }),
    s("svg", { x: at, y, overflow: "visible", width: 1, height: 1 },
      s("path", { class: "hit", d: "M-8 -6H8V6H-8Z" }), s("path", { class: "shape", d: pathOf(dot.kind) })));
  return dot.tip ? withTip(group, dot.tip) : group;
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

export function percent(share) {
  return `${Math.round(share * WIDTH) / (WIDTH / 100)}%`;
}

// Charts by Observable Plot; a file of its own, read when the first chart is shown.

import { areaY, axisX, axisY, barX, dot, gridY, line, plot, pointer, rect, ruleX, ruleY, text, tip } from "@observablehq/plot";
import { ratioWords, ticks } from "./scale.js";

const INK = "var(--ink)", MUTED = "var(--muted)", BLUE = "var(--better)", BAND = "var(--band)";
const LINES = ["var(--line-1)", "var(--line-2)", "var(--line-3)", "var(--line-4)", "var(--line-5)"];
const SYMBOLS = ["circle", "square", "diamond", "triangle", "star"];
const SMALL = { fontSize: 11, fontVariant: "tabular-nums", background: "none", color: "var(--ink)", overflow: "visible" };

/** A picture as one thing with words: its figures are in a table beside it. */
function picture(options, label) {
  const made = plot({ style: SMALL, ...options });
  const svg = made.tagName === "svg" ? made : made.querySelector("svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.querySelectorAll("[aria-label]").forEach((one) => one.removeAttribute("aria-label"));
  return made;
}

/** The numbers of an axis of ratios, as everywhere. */
function ratioAxis(low, high, most) {
  const found = ticks({ low: Math.log(low), high: Math.log(high) }, most);
  const words = (one) => (one.ratio > 1 && one.words.endsWith("x") ? `${one.words} slower` : one.words);
  // Words of our own: a logarithmic axis leaves out those that are no round powers.
  return [
    gridY(found.map((one) => one.ratio), { stroke: "var(--rule)", strokeOpacity: 0.6 }),
    text(found, { y: "ratio", text: words, frameAnchor: "left", textAnchor: "end", dx: -8, fill: INK }),
  ];
}

/** Every round of a benchmark: its ratio, in measuring order. */
function rounds(panel, width) {
  const points = panel.log_ratios.map((one, at) => ({
    round: at + 1, ratio: Math.exp(one), decides: panel.decides[at] === 1, base: panel.base[at], head: panel.head[at],
  }));
  const ratios = points.map((one) => one.ratio);
  const limits = panel.interval?.filter((one) => one > 0 && Number.isFinite(one)) ?? [];
  const near = [1 - panel.mei, 1 + panel.mei].filter((one) => Math.min(...ratios) < one * 1.2 && Math.max(...ratios) > one / 1.2);
  const [low, high] = [Math.min(...ratios, ...limits, ...near), Math.max(...ratios, ...limits, ...near)];
  const across = { x1: 0.5, x2: points.length + 0.5 };
  return picture({
    width, height: 190, marginLeft: 76, marginBottom: 36, marginTop: 10,
    x: { domain: [0.5, points.length + 0.5], label: null },
    y: { type: "log", domain: [low / 1.01, high * 1.01], axis: null },
    marks: [
      near.length === 2 ? rect([across], { x1: "x1", x2: "x2", y1: 1 - panel.mei, y2: 1 + panel.mei, fill: BAND, clip: true }) : null,
      limits.length === 3 ? rect([across], { x1: "x1", x2: "x2", y1: limits[1], y2: limits[2], fill: BLUE, fillOpacity: 0.14, clip: true }) : null,
      limits.length ? ruleY([limits[0]], { stroke: BLUE, strokeWidth: 1.4 }) : null,
      low <= 1 && high >= 1 ? ruleY([1], { stroke: MUTED, strokeDasharray: "3 3" }) : null,
      panel.resumed.length ? ruleX(panel.resumed.map((one) => one + 0.5), { stroke: MUTED, strokeDasharray: "2 2" }) : null,
      ratioAxis(low / 1.01, high * 1.01, 6), axisX({ ticks: Math.min(8, points.length), label: "round →", tickFormat: "d" }),
      dot(points.filter((one) => !one.decides), { x: "round", y: "ratio", r: 2.6, stroke: MUTED, fill: "var(--card)" }),
      dot(points.filter((one) => one.decides), { x: "round", y: "ratio", r: 2.8, fill: INK }),
      tip(points, pointer({ x: "round", y: "ratio", title: (one) => `round ${one.round}${one.decides ? "" : " (does not decide)"}\n${ratioWords(one.ratio)} (${one.ratio.toFixed(4)})`, fill: "var(--card)", stroke: MUTED, ariaLabel: null })),
    ],
  }, `Ratio of each round of ${panel.name}: ${panel.change}`);
}

/** A benchmark along a history: a line a Python, with intervals; open dots do not differ. */
function series(panel, history, width) {
  const dots = panel.lines.flatMap((one, at) => [
    { python: one.python, at: -1, ratio: 1, low: 1, high: 1, label: history.anchor.label, words: "the anchor: 1x by definition", line: at, filled: true },
    ...one.dots.map((each) => ({
      python: one.python, at: each.at, line: at, ratio: each.interval[0], low: each.interval[1] || each.interval[0], high: Number.isFinite(each.interval[2] ?? NaN) ? each.interval[2] : each.interval[0],
      label: history.points[each.at].label, subject: history.points[each.at].subject, date: history.points[each.at].date,
      words: `${each.change}, ${each.verdict}${each.doubtful ? " ⚠ doubtful" : ""}`, filled: ["faster", "slower", "below MEI"].includes(each.kind) && !each.doubtful,
    })),
  ]);
  const values = dots.flatMap((one) => [one.ratio]);
  const low = Math.min(...values) / 1.02, high = Math.max(...values) * 1.02;
  const labels = [history.anchor.label, ...history.points.map((one) => one.label)];
  const every = Math.ceil(labels.length / Math.max(3, Math.floor(width / 64)));
  const title = (one) => [`${one.label}${one.date ? `, ${one.date}` : ""}, Python ${one.python}`, one.words, one.subject].filter(Boolean).join("\n");
  return picture({
    width, height: 210, marginLeft: 76, marginBottom: 56, marginTop: 10,
    x: { domain: [-1.5, history.points.length - 0.5], label: null },
    y: { type: "log", domain: [low, high], axis: null },
    color: { domain: panel.lines.map((_, at) => at), range: LINES },
    symbol: { domain: panel.lines.map((_, at) => at), range: SYMBOLS },
    marks: [
      ruleY([1], { stroke: MUTED, strokeDasharray: "3 3" }),
      ratioAxis(low, high, 8),
      axisX(labels.map((_, at) => at - 1).filter((at) => (at + 1) % every === 0), { tickFormat: (at) => labels[at + 1], tickRotate: -35, tickSize: 3, label: null }),
      areaY(dots, { x: "at", y1: (one) => Math.max(one.low, low), y2: (one) => Math.min(one.high, high), z: "line", fill: "line", fillOpacity: 0.12 }),
      line(dots, { x: "at", y: "ratio", z: "line", stroke: "line", strokeWidth: 1.6, curve: "step-after" }),
      dot(dots, { x: "at", y: "ratio", r: 3.2, symbol: "line", stroke: "line", fill: (one) => (one.filled ? LINES[one.line] : "var(--card)"), strokeWidth: 1.4 }),
      tip(dots, pointer({ x: "at", y: "ratio", title, fill: "var(--card)", stroke: MUTED, lineWidth: 34, ariaLabel: null })),
    ],
  }, `${panel.name} along the history, compared with ${history.anchor.label}`);
}

/** A command's wall time by layer: a bar a side. */
function layers(stack, width) {
  const parts = stack.layers.flatMap((layer) => layer.seconds.map((seconds, at) => ({
    side: stack.sides[at], layer: layer.name, seconds: Math.max(0, seconds), words: layer.words[at], share: layer.shares[at], paint: layer.paint,
  })));
  return picture({
    width, height: 38 + 44 * stack.sides.length, marginLeft: 86, marginBottom: 36, marginTop: 4,
    x: { label: "seconds →" }, y: { domain: stack.sides, label: null, padding: 0.25 },
    color: { domain: stack.layers.map((one) => one.name), range: stack.layers.map((one) => one.paint) },
    marks: [
      axisX({ ticks: 6, label: "seconds →" }), axisY({ tickSize: 0, label: null }),
      barX(parts, { y: "side", x: "seconds", fill: "layer", stroke: "var(--card)", strokeWidth: 1, order: stack.layers.map((one) => one.name), tip: { fill: "var(--card)", stroke: MUTED, ariaLabel: null, format: { fill: false, y: false, x: false, text: false } }, title: (one) => `${one.layer}\n${one.words}, ${one.share} of ${one.side}` }),
    ],
  }, `${stack.target} ${stack.scenario}: ${stack.whole.words.join(" → ")}`);
}

self.charts = { rounds, series, layers };

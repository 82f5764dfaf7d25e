// All pairs on one axis, to filter, sort and search.

import { checkbox, codes, h, plural, s, select } from "./dom.js";
import { address } from "./links.js";
import { axisOf } from "./scale.js";
import { axisLine, strip } from "./strip.js";
import { CHANGED, LOOKS, classOf, isBad, pathOf, tally } from "./verdicts.js";


const ROW_PX = 52;
const USUAL = { q: "", target: "", python: "", changed: "", quiet: "", parts: "", sort: "newest" };
const SORTS = [
  ["newest", "newest first"], ["slower", "largest slowdown"], ["faster", "largest speed-up"], ["name", "name"],
];

/** The filters of an address; unknown ones are left out. */
function filtersOf(query) {
  const given = Object.fromEntries(new URLSearchParams(query));
  return Object.fromEntries(Object.entries(USUAL).map(([key, usual]) => [key, given[key] ?? usual]));
}

export function overviewView(data, _name, query) {
  const filters = filtersOf(query);
  const pairs = data.pairs.map(read);
  const list = h("div", { id: "pairs" });
  const count = h("p", { role: "status", id: "count" });
  const draw = () => {
    remember(filters);
    const shown = chosen(pairs, filters);
    const kinds = shown.flatMap((one) => one.dots.map((dot) => dot.kind));
    const of = shown.length === pairs.length ? "" : `${shown.length} of `;
    count.textContent = `${of}${plural(pairs.length, "pair")}, ${plural(kinds.length, "result")}: ${tally(kinds) || "none"}`;
    list.replaceChildren(...rows(shown));
  };
  const set = (key) => (value) => {
    filters[key] = value === true ? "1" : value === false ? "" : value;
    draw();
  };
  const view = [
    h("h1", {}, "What got faster, what got slower"),
    h("p", { class: "lead" }, "Every mark is a benchmark of a pair on one Python: time after ÷ time before, with its confidence interval. Open a pair for its rounds, counters and the command that repeats it."),
    pairs.length ? controls(pairs, filters, set) : h("p", {}, "No pair has been measured yet."),
    legend(),
    count,
    list,
  ];
  draw();
  return { title: "All pairs", nodes: view };
}

function read(pair) {
  const dots = pair.results.map(([name, python, kind, change, ratio, low, high]) => ({
    name, python, kind, change, ratio: ratio ?? 0, low: low ?? 0, high: high ?? Infinity,
    tip: [`${name}, Python ${python}`, change, LOOKS[kind]?.words ?? kind],
  }));
  const words = [pair.target, pair.base, pair.head, pair.key, pair.subject, pair.machine, ...dots.map((one) => one.name)];
  return { ...pair, dots, text: words.join(" ").toLowerCase() };
}

function controls(pairs, filters, set) {
  const all = (key, of) => [["", "all"], ...[...new Set(pairs.flatMap(of))].sort(compare).map((one) => [one, one])];
  const search = h("input", {
    type: "search", value: filters.q, placeholder: "commit, release, subject, benchmark",
    oninput: (event) => set("q")(event.target.value),
  });
  return h("form", { class: "controls", role: "search", "aria-label": "Filter pairs", onsubmit: (event) => event.preventDefault() },
    h("label", { class: "grow" }, h("span", {}, "Search"), search),
    select("Target", all("target", (one) => one.target), filters.target, set("target")),
    select("Python", all("python", (one) => one.dots.map((dot) => dot.python)), filters.python, set("python")),
    select("Sort", SORTS, filters.sort, set("sort")),
    h("div", { class: "checks" },
      checkbox("changed only", filters.changed, set("changed")),
      checkbox("hide loaded or dirty", filters.quiet, set("quiet")),
      pairs.some((one) => one.part) ? checkbox("parts of attributions, bisections, claims, optimisations", filters.parts, set("parts")) : null),
  );
}

function compare(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

function chosen(pairs, filters) {
  const wanted = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  return pairs
    .filter((one) => !filters.target || one.target === filters.target)
    .filter((one) => !filters.quiet || !(one.loaded || one.dirty))
    .filter((one) => filters.parts || !one.part)
    .filter((one) => wanted.every((word) => one.text.includes(word)))
    .map((one) => ({ ...one, dots: one.dots.filter((dot) => !filters.python || dot.python === filters.python) }))
    .map((one) => (filters.changed ? { ...one, dots: one.dots.filter((dot) => CHANGED.has(dot.kind)) } : one))
    .filter((one) => one.dots.length || !(filters.changed || filters.python))
    .sort(ORDERS[filters.sort] ?? ORDERS.newest);
}

// Those that are certain count: an interval that holds 1 is no slowdown.
const extreme = (pair, of) => Math.max(0, ...pair.dots.filter((one) => CHANGED.has(one.kind) && one.ratio).map(of));
const ORDERS = {
  newest: (a, b) => b.newest.localeCompare(a.newest) || compare(a.key, b.key),
  slower: (a, b) => extreme(b, (one) => Math.log(one.ratio)) - extreme(a, (one) => Math.log(one.ratio)) || ORDERS.newest(a, b),
  faster: (a, b) => extreme(b, (one) => -Math.log(one.ratio)) - extreme(a, (one) => -Math.log(one.ratio)) || ORDERS.newest(a, b),
  name: (a, b) => compare(a.key, b.key),
};

function rows(pairs) {
  if (!pairs.length) return [h("p", { class: "none" }, "No pair fits these filters.")];
  const axis = axisOf(pairs.flatMap((pair) => pair.dots.map((dot) => dot.ratio)));
  const narrow = matchMedia("(max-width: 700px)").matches;
  return [
    h("div", { class: "row head" }, axisLine(axis, narrow ? 7 : 12)),
    h("ol", { class: "rows" }, pairs.map((pair) => row(pair, axis))),
  ];
}

function row(pair, axis) {
  const flags = [
    pair.doubtful ? "⚠ doubtful" : null,
    pair.loaded ? `⚠ loaded ${Math.round(pair.load * 100)}%` : null,
    pair.dirty ? "⚠ dirty" : null,
    pair.complete ? null : "not complete",
    pair.part ? `part of: ${pair.part}` : null,
  ].filter(Boolean);
  const dots = [...pair.dots].sort((a, b) => a.ratio - b.ratio);
  const said = tally(pair.dots.map((one) => one.kind)) || "nothing measured";
  return h("li", { class: "row" },
    h("div", { class: "what" },
      h("a", { class: "pair", href: address("pair", pair.file) }, `${pair.target} ${pair.base} → ${pair.head}`),
      h("p", { class: "subject", title: pair.subject || null }, pair.subject ? codes(pair.subject) : pair.machine),
    ),
    h("div", { class: "axis-cell" }, strip(axis, dots, { height: ROW_PX - 8, label: `${said}: ${range(dots)}` })),
    h("div", { class: "facts" },
      h("p", { class: pair.dots.some((one) => isBad(one.kind)) ? "worse" : null }, said),
      h("p", { class: "flags" }, `${pair.newest}${flags.length ? ` · ${flags.join(" · ")}` : ""}`)),
  );
}

function range(dots) {
  const known = dots.filter((one) => one.ratio);
  return known.length ? `${known[0].change} to ${known[known.length - 1].change}` : "no figures";
}

export function legend(kinds = ["faster", "slower", "same", "below MEI", "undecided"]) {
  return h("ul", { class: "legend", "aria-label": "Marks" }, kinds.map((kind) =>
    h("li", {}, s("svg", { width: 14, height: 12, viewBox: "-7 -6 14 12", "aria-hidden": "true" },
      s("g", { class: classOf(kind) }, s("path", { class: "shape", d: pathOf(kind) }))), LOOKS[kind].words)));
}

function remember(filters) {
  const given = Object.entries(filters).filter(([key, value]) => value !== USUAL[key]);
  const query = new URLSearchParams(given).toString();
  history.replaceState(null, "", `#/${query ? `?${query}` : ""}`);
}

// Optimisations: what was gained, each step as predicted and as measured, what was dropped and why.

import { load } from "./data.js";
import { codes, command, details, h, inline, plural, table } from "./dom.js";
import { address, pairLink } from "./links.js";
import { axisOf } from "./scale.js";
import { shifts } from "./shifts.js";
import { columnAxis, scenarioDots, strip } from "./strip.js";
import { LOOKS } from "./verdicts.js";
import { axisOfCourse, course, end, fall, fallLegend, start } from "./waterfall.js";

const NUMBER = "number";
const nameOf = (one) => `${one.target} ${one.label}${one.form ? `, ${one.form}` : ""}`;

export function optimizationsView(data) {
  const found = data.optimizations;
  const axis = axisOf(found.flatMap((one) => scenarioDots(one.dots).map((dot) => dot.ratio)));
  const rows = found.map((one) => [
    h("a", { href: address("optimization", one.file) }, nameOf(one)),
    strip(axis, scenarioDots(one.dots), { height: 44, label: `${nameOf(one)}: ${one.sizes || "nothing faster"}` }),
    one.sizes || "–", `${one.faster} of ${one.scenarios}`, String(one.commits), one.progress, one.begun,
  ]);
  return {
    title: "Optimisations",
    nodes: [
      h("h1", {}, "Optimisations"),
      h("p", { class: "lead" }, "From a revision to a branch of commits, each of which was predicted, proved by checks and the project's tests, and measured. Every mark is a scenario: its time at the branch's tip ÷ at the revision."),
      rows.length
        ? table(["revision", [columnAxis(axis), "wide"], ["faster by", NUMBER], ["scenarios faster", NUMBER], ["commits", NUMBER], "ended", "made"], rows, { label: "Optimisations" })
        : h("p", {}, "None was made yet: bench optimize TARGET REV."),
    ],
  };
}

export async function optimizationView(data, name) {
  const page = await load(`data/${name}.js`);
  const title = `${nameOf(page)}: optimised`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/optimizations" }, "Optimisations")),
      h("h1", {}, title),
      h("p", { class: "headline" }, inline(page.headline)),
      h("p", { class: "quiet" }, inline(page.conditions), ". As a page: ", h("code", {}, page.page)),
      h("h2", {}, "Before and after"),
      page.courses.length ? whole(page) : h("p", {}, "Nothing was measured."),
      steps(page),
      shifts(page.shifts, { title: "What is no longer imported" }),
      page.dropped.length ? [h("h2", {}, "Tried and dropped"), h("ul", {}, page.dropped.map((words) => h("li", {}, inline(words))))] : null,
      rest("What remains, and why it is not changed", page.left_columns, page.left, 1),
      rest("Where the cost of deferred modules is now", page.moved_columns, page.moved, 1),
      page.branch ? [h("h2", {}, "Look at the branch"), command([`git log --stat ${page.revision}..${page.branch}`])] : null,
      h("h2", {}, "Repeat it"),
      command([page.repeat]),
      runs(data, page),
    ],
  };
}

function whole(page) {
  const axis = axisOf(scenarioDots(page.courses).map((dot) => dot.ratio));
  const rows = page.courses.map((one) => [
    [h("code", {}, one.words || one.scenario), `, ${one.python}`],
    strip(axis, scenarioDots([one]), { height: 24, label: `${one.scenario}: ${one.change}` }),
    inline(one.figures), inline(one.change),
    one.whole ? (LOOKS[one.kind]?.words ?? one.kind) : "by its steps",
  ]);
  return [
    table(["scenario, Python", [columnAxis(axis), "wide"], ["before → after", NUMBER], ["change", NUMBER], "verdict"], rows, { label: "Before and after" }),
    h("p", { class: "quiet" }, `Medians of ${page.clock} of whole processes, the branch's tip against the revision.`),
  ];
}

/** A waterfall for each scenario and Python; then the commits themselves. */
function steps(page) {
  if (!page.steps.length) return null;
  const shown = page.courses.filter((one) => one.steps.some((step) => step.interval));
  return [
    h("h2", {}, "Step by step"),
    h("p", { class: "quiet" }, "Each step was measured against the one before it, in a run of its own: its bar begins where that ended. The axis is logarithmic, so equal lengths are equal ratios."),
    shown.map((one, index) => details([h("code", {}, one.words || one.scenario), ` on ${one.python}: ${one.before} → ${one.after}`], () => waterfall(one), { open: index === 0 })),
    h("h3", {}, "The commits"),
    table(page.step_columns.map((words) => (["places", "faster in"].includes(words) ? [words, NUMBER] : words)), page.step_rows.map((cells) => cells.map(inline)), { label: "Steps" }),
    details("Files and lines of each step", () => page.steps.map((one) => [
      h("p", {}, h("strong", {}, `${one.number} ${one.title}`), " (", h("code", {}, one.recipe), "). ", codes(one.why)),
      h("ul", {}, one.sites.map(([place, words]) => h("li", {}, h("code", {}, place), " ", codes(words)))),
    ])),
  ];
}

function waterfall(one) {
  const placed = course(one.steps);
  const axis = axisOfCourse(placed, one.whole);
  const predicted = placed.some((step) => step.predicted);
  const guessed = (step) => (step.predicted ? `predicted to save ${step.predicted_words}, saved ${step.saved_words}` : null);
  const cells = (title, picture, change, figures, step = {}) => [title, picture, figures, change, ...(predicted ? [step.predicted_words ?? "–", step.saved_words ?? "–"] : [])];
  const rows = placed.map((step) => cells(`${step.number} ${step.title}`, fall(axis, step, [`${step.number} ${step.title}`, step.change, guessed(step)]), step.change, step.figures, step));
  rows.unshift(cells("before", start(axis, `before: ${one.before}`), "", one.before));
  rows.push({ class: "whole", cells: cells("after, as measured at once", one.whole ? end(axis, one.whole, one.kind, [`after: ${one.after}`, one.whole_words]) : "", one.whole_words, one.after) });
  const agreed = one.agrees === null ? "" : one.agrees ? ", which agrees with the whole as measured at once" : ", which does not agree with the whole as measured at once";
  return [
    table(["step", [columnAxis(axis), "wide"], ["before → after", NUMBER], ["change", NUMBER], ...(predicted ? [["predicted to save", NUMBER], ["saved", NUMBER]] : [])], rows, { label: `Steps of ${one.scenario} on ${one.python}` }),
    fallLegend({ kinds: [["faster", "faster"], ["slower", "slower"], ["undecided", "undecided"], ["same", "same"]], predicted }),
    h("p", { class: "quiet" }, one.sum ? `The steps together: ${one.sum_words}${agreed}. ` : null, predicted ? inside(placed) : null),
  ];
}

function inside(steps) {
  const known = steps.filter((step) => step.predicted);
  return `${known.filter((step) => step.inside).length} of ${plural(known.length, "prediction")} lie inside the interval of what was saved.`;
}

function rest(title, columns, rows, numbers) {
  if (!rows.length) return null;
  return details(`${title} (${rows.length})`, () => table(columns.map((words, at) => (at === numbers ? [words, NUMBER] : words)), rows.map((cells) => cells.map(inline)), { label: title }));
}

function runs(data, page) {
  if (!page.runs.length) return null;
  return details(`${plural(page.runs.length, "run")}: ordinary pairs`, () =>
    h("ul", {}, page.runs.map((one) => h("li", {}, `${one.what}: `, pairLink(data, one.pair, h("code", {}, one.label)), ` on ${one.python}`))));
}

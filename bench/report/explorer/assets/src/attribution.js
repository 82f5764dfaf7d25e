// A range's change split among its commits.

import { load } from "./data.js";
import { codes, command, details, h, plural, table } from "./dom.js";
import { address, pairLink } from "./links.js";
import { axisOf } from "./scale.js";
import { columnAxis, scenarioDots, strip } from "./strip.js";
import { axisOfCourse, course, end, fall, fallLegend, start } from "./waterfall.js";

const NUMBER = "number";
const SHOWN = 2; // subjects of a part

/** The list of all, for the page of histories. */
export function attributionsTable(data) {
  const axis = axisOf(data.attributions.flatMap((one) => scenarioDots(one.dots).map((dot) => dot.ratio)));
  return table(["range", [columnAxis(axis), "wide"], ["commits", NUMBER], ["named", NUMBER], "begun", "ended"], data.attributions.map((one) => [
    h("a", { href: address("attribution", one.file) }, `${one.target} ${one.label}`),
    strip(axis, scenarioDots(one.dots), { height: 44, label: one.dots.map((dot) => `${dot.scenario}: ${dot.change}`).join(", ") }),
    String(one.commits), String(one.named), one.begun, one.progress,
  ]), { label: "Attributions" });
}

export async function attributionView(data, name) {
  const page = await load(`data/${name}.js`);
  const title = `${page.target} ${page.label}: which commit did what`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/histories" }, "Histories and attributions")),
      h("h1", {}, title),
      h("p", { class: "quiet" }, `${plural(page.commits, "commit")} along first parents, ${page.machine}, begun ${page.begun}, ${page.progress}. As a page: `, h("code", {}, page.page)),
      page.scenarios.map((one) => scenario(data, one)),
      h("h2", {}, "Repeat it"),
      command([page.repeat]),
    ],
  };
}

function scenario(data, one) {
  const title = `${one.scenario}, Python ${one.python}`;
  if (one.failure) return h("section", {}, h("h2", {}, title), h("p", {}, one.failure));
  const rows = one.parts.length ? contributions(data, one) : null;
  return h("section", { "aria-label": title },
    h("h2", {}, title),
    one.words ? h("p", { class: "quiet" }, h("code", {}, one.words)) : null,
    h("p", { class: "headline" }, codes(one.outcome)),
    one.life.map((words) => h("p", {}, codes(words))),
    rows,
    one.proved.length ? details(`${plural(one.proved.length, "commit")} proved to contribute nothing`, () =>
      table(["commit", "subject", "why"], one.proved.map((each) => [h("code", {}, each.label), codes(each.subject), codes(each.why)]), { label: "Proved" })) : null);
}

const kindOf = (part) => (part.named ? part.finding : "undecided");

function contributions(data, one) {
  const placed = course(one.parts);
  const axis = axisOfCourse(placed, one.whole);
  const rows = placed.map((part) => [
    h("code", {}, part.label),
    fall(axis, { ...part, kind: kindOf(part) }, [part.label, `${part.words}, ${part.finding}`, ...part.commits.slice(0, 2).map((each) => each.subject)]),
    pairLink(data, part.pair, part.words),
    h(part.named ? "strong" : "span", {}, part.finding),
    [part.commits.slice(0, SHOWN).map((each) => h("div", {}, codes(`${each.subject} (${each.author})`))), part.commits.length > SHOWN ? `and ${part.commits.length - SHOWN} more` : null],
  ]);
  rows.unshift({ cells: [`base: ${one.before}`, start(axis, `base: ${one.before}`), "", "", ""] });
  if (one.whole) {
    const words = `head: ${one.after}`;
    rows.push({ class: "whole", cells: [words, end(axis, one.whole, one.whole[0] < 1 ? "faster" : "slower", [words, `the whole range as measured: ${one.whole_words}`]), pairLink(data, one.whole_pair, one.whole_words), one.agrees === null ? "" : one.agrees ? "agrees with the product" : "does not agree", one.product ? `as measured at once; the parts together ${one.product_words}` : "as measured at once"] });
  }
  return [
    table(["commits", [columnAxis(axis), "wide"], ["contribution", NUMBER], "finding", ["what", "prose"]], rows, { label: `Contributions, ${one.scenario}` }),
    fallLegend({ kinds: [["faster", "made faster by the commit"], ["slower", "made slower"], ["undecided", "no commit is named"]] }),
  ];
}

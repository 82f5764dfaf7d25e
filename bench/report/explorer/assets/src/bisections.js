// A bisection: how probable each commit was after each answer, and what was asked next.

import { load } from "./data.js";
import { codes, command, details, h, inline, plural, s, table } from "./dom.js";
import { address, pairLink } from "./links.js";
import { axisOf } from "./scale.js";
import { columnAxis, dotOf, percent, strip } from "./strip.js";
import { withTip } from "./tip.js";

const NUMBER = "number";
const HIGH = 30;
// Of all candidates these are listed one by one.
const LISTED = 12, LEAST = 0.002;

/** The list of all, for the page of histories. */
export function bisectionsTable(data) {
  return table(["range", "benchmark", "Python", "found", "begun", "ended"], data.bisections.map((one) => [
    h("a", { href: address("bisection", one.file) }, `${one.target} ${one.label}`), h("code", {}, one.benchmark), one.python, codes(one.found), one.begun, one.progress,
  ]), { label: "Bisections" });
}

export async function bisectionView(data, name) {
  const page = await load(`data/${name}.js`);
  const way = { slower: "slowed down", faster: "sped up" }[page.wanted] ?? "changed";
  const title = `${page.target} ${page.label}: which commit ${way} ${page.benchmark}`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/histories" }, "Histories and bisections")),
      h("h1", {}, title),
      h("p", { class: "headline" }, codes(page.found), "."),
      page.others.map((words) => h("p", {}, codes(words))),
      h("p", { class: "quiet" }, h("code", {}, page.words || page.benchmark), ` on Python ${page.python}${page.times ? `, ${page.times} from base to head` : ""}. ${plural(page.commits, "commit")} along first parents${page.searched ? `, ${page.candidates.length} of which may matter` : ""}. ${page.machine}, begun ${page.begun}, ${page.progress}. As a page: `, h("code", {}, page.page)),
      page.candidates.length ? [suspects(page), decisions(data, page)] : null,
      page.around.length ? [h("h2", {}, "Stepped around, as they could not be measured"), h("ul", {}, page.around.map(([label, why]) => h("li", {}, h("code", {}, label), ": ", codes(why))))] : null,
      page.proved.length ? details(`${plural(page.proved.length, "commit")} proved to contribute nothing`, () =>
        table(["commit", "subject", "why"], page.proved.map(([label, subject, why]) => [h("code", {}, label), codes(subject), codes(why)]), { label: "Proved" })) : null,
      details("How to read it", () => h("p", { class: "lead" }, inline(page.method))),
      h("h2", {}, "Repeat it"),
      command([page.repeat]),
    ],
  };
}

const labelOf = (one) => (one.commits.length === 1 ? one.commits[0].label : `${plural(one.commits.length, "commit")}, ${one.commits[0].label} …`);

/** The most probable commits, and what the others come to. */
function suspects(page) {
  const ordered = page.candidates.map((one, at) => ({ ...one, at })).sort((a, b) => b.probability - a.probability || a.at - b.at);
  const listed = ordered.slice(0, LISTED).filter((one) => one.held || one.probability >= LEAST);
  const others = ordered.slice(listed.length);
  const rows = listed.map((one) => ({
    class: one.held ? "held" : null,
    cells: [h(one.held ? "strong" : "span", {}, h("code", {}, labelOf(one))), bar(one), one.words, one.own, one.commits.slice(0, 3).map((each) => h("div", {}, codes(`${each.subject} (${each.author}, ${each.date})`)))],
  }));
  const rest = others.reduce((sum, one) => sum + one.probability, 0);
  if (others.length) rows.push([`${plural(others.length, "other commit")}`, bar({ probability: rest, words: "together" }), rest < 0.001 ? "< 0.1%" : `${(rest * 100).toFixed(1)}%`, "–", ""]);
  return [
    h("h2", {}, "How probable each commit is"),
    table(["commit", [[h("span", { class: "hidden" }, "probability, as a picture"), percents()], "wide"], ["probability", NUMBER], ["by itself", NUMBER], ["what", "prose"]], rows, { label: "Probabilities" }),
    h("p", { class: "quiet" }, `In bold, with a frame: the fewest commits that hold all but ${page.error} of the probability. By itself: measured against the commit before it.`),
  ];
}

function percents() {
  return h("div", { class: "axis", "aria-hidden": "true" }, [0, 0.25, 0.5, 0.75, 1].map((one) => h("span", { class: "tick", style: `left:${one * 100}%` }, `${one * 100}%`)));
}

function bar(one) {
  return s("svg", { class: "strip", role: "img", "aria-label": `${one.words}`, height: 20, width: "100%" },
    s("rect", { class: "band", x: 0, y: 4, width: "100%", height: 12 }),
    s("rect", { class: one.held ? "share held" : "share", x: 0, y: 4, width: percent(one.probability), height: 12 }));
}

/** Each question with its answer, and what was known after it. */
function decisions(data, page) {
  if (!page.decisions.length) return [h("h2", {}, "What was asked"), h("p", {}, "Nothing was measured yet.")];
  const axis = axisOf([...page.decisions.flatMap((one) => (one.interval ? [one.interval[0]] : [])), page.whole?.[0] ?? 1]);
  const rows = page.decisions.map((one) => {
    const [number, compared, purpose, change, rounds, answer, left] = one.cells;
    return [
      [`${number} `, pairLink(data, one.pair, h("code", {}, compared))],
      known(page, one, `${compared}: ${left}`), left.split(", ").map((words) => h("div", { class: "whole-words" }, words)), purpose, h("span", { class: "whole-words" }, answer), change,
      strip(axis, dotOf(one.interval, one.kind, [compared, change, answer]), { height: 24, label: change }), rounds,
    ];
  });
  const first = ["before anything", known(page, { shares: page.prior }, "before anything was measured"), plural(page.candidates.length, "commit"), "", "", "", "", ""];
  return [
    h("h2", {}, "What was asked, and what followed"),
    h("p", { class: "quiet" }, "A question compares two commits of the range, the line beneath the columns. A column is a commit that may matter, the oldest on the left; its height is how probable it is, once the answer is known, that this commit did it. The next question is always the one whose answer is least foreseen."),
    table(["compared", ["which commit, by now", "half"], "left", ["question", "short"], "answer", ["change", NUMBER], [columnAxis(axis, 5), "half"], ["rounds", NUMBER]], [first, ...rows], { label: "Decisions" }),
  ];
}

/** The probability of each candidate as columns, and which of them a question lies between. */
function known(page, one, label) {
  const width = 100 / one.shares.length;
  const at = (place) => `${(place * width).toFixed(3)}%`;
  const most = one.shares.indexOf(Math.max(...one.shares));
  const columns = one.shares.map((share, place) =>
    s("rect", { class: page.candidates[place].held ? "share held" : "share", x: at(place + 0.1), width: at(0.8), y: (1 - share) * (HIGH - 6), height: Math.max(share * (HIGH - 6), 0.8) }));
  const picture = s("svg", { class: "strip known", role: "img", tabindex: "0", "aria-label": `${label}; most probable ${labelOf(page.candidates[most])}`, height: HIGH, width: "100%" },
    s("line", { class: "ground", x1: 0, x2: "100%", y1: HIGH - 6, y2: HIGH - 6 }), columns,
    one.last === undefined ? null : s("line", { class: "asked", x1: at(one.first), x2: at(one.last), y1: HIGH - 2, y2: HIGH - 2 }));
  const subject = page.candidates[most].commits[0].subject;
  return withTip(picture, [label, `most probable: ${labelOf(page.candidates[most])} (${(one.shares[most] * 100).toFixed(1)}%)`, subject]);
}

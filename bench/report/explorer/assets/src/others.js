// Histories, attributions and the stack by layer.

import { chart } from "./charting.js";
import { load } from "./data.js";
import { codes, command, details, h, plural, table } from "./dom.js";
import { axisOf } from "./scale.js";
import { axisLine, strip } from "./strip.js";

const NUMBER = "number";
const fileName = (file) => file.replace(/^data\/|\.js$/g, "");

export function historiesView(data) {
  return {
    title: "Histories",
    nodes: [
      h("h1", {}, "Along the history"),
      h("p", { class: "lead" }, "Series of revisions, each measured in pairs with the first; and ranges whose change was split among their commits."),
      h("h2", {}, "Histories"),
      data.histories.length
        ? h("ul", { class: "cards" }, data.histories.map((one) => h("li", {}, h("a", { href: `#/history/${fileName(one.file)}` }, `${one.target} ${one.label}`), h("p", { class: "quiet" }, plural(one.points, "point")))))
        : h("p", {}, "None was measured yet: bench run TARGET base..head --every 1."),
      h("h2", {}, "Attributions"),
      data.attributions.length
        ? h("ul", { class: "cards" }, data.attributions.map((one) => h("li", {}, h("a", { href: `#/attribution/${fileName(one.file)}` }, `${one.target} ${one.label}`), h("p", { class: "quiet" }, `${plural(one.commits, "commit")}, ${one.begun}`))))
        : h("p", {}, "None was made yet: bench attribute TARGET base..head."),
      data.profiles.length
        ? [h("h2", {}, "Flame graphs of pairs that were profiled only"),
          h("ul", { class: "cards" }, data.profiles.map((one) => h("li", {}, h("a", { href: `#/profile/${fileName(one.file)}` }, `${one.target} ${one.label}`))))]
        : null,
    ],
  };
}

export async function historyView(_data, name) {
  const page = await load(`data/${name}.js`);
  const title = `${page.target} ${page.label}`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/histories" }, "Histories")),
      h("h1", {}, title),
      page.machines.map((one) => history(one)),
    ],
  };
}

function history(one) {
  const steps = one.steps.map((step) => [
    h("code", {}, step.benchmark), step.python, `${step.from} → ${step.to}${step.doubtful ? " ⚠" : ""}`, step.change, codes(step.subject),
  ]);
  return h("section", { "aria-label": one.machine },
    h("h2", {}, `On ${one.machine}`),
    h("p", { class: "quiet" }, `${plural(one.points.length, "point")}, each compared with ${one.anchor.label} of ${one.anchor.date}: time divided by the anchor's. Filled marks differ for certain. Point at a mark for its commit.`, one.complete ? "" : " Not complete."),
    one.panels[0]?.lines.length > 1
      ? h("ul", { class: "legend" }, one.panels[0].lines.map((line, at) => h("li", {}, h("span", { class: `swatch line-${at + 1}`, "aria-hidden": "true" }), `Python ${line.python}`)))
      : null,
    one.panels.map((panel) => h("figure", {}, h("figcaption", {}, h("code", {}, panel.name)), chart((charts, width) => charts.series(panel, one, width)))),
    h("h3", {}, "Certain steps"),
    steps.length
      ? table(["benchmark", "Python", "between", ["change", NUMBER], "subject of the later"], steps, { label: "Steps" })
      : h("p", {}, "The intervals of all neighbours overlap: no step is certain."),
    details("Every point as a table", () => table(
      ["point", "date", ...one.panels.flatMap((panel) => panel.lines.map((line) => `${panel.name}, ${line.python}`)), "subject"],
      one.points.map((point, index) => [
        h("code", {}, point.label), point.date,
        ...one.panels.flatMap((panel) => panel.lines.map((line) => {
          const found = line.dots.find((each) => each.at === index);
          return found ? `${found.change}, ${found.verdict}` : line.gaps.includes(index) ? "×" : "–";
        })),
        codes(point.subject),
      ]), { label: "Every point" })));
}

export async function attributionView(_data, name) {
  const page = await load(`data/${name}.js`);
  const title = `${page.target} ${page.label}: which commit did what`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/histories" }, "Histories and attributions")),
      h("h1", {}, title),
      h("p", { class: "quiet" }, `${plural(page.commits, "commit")} along first parents, ${page.machine}, begun ${page.begun}, ${page.progress}.`),
      page.scenarios.map((one) => scenario(one)),
      h("h2", {}, "Repeat it"),
      command([page.repeat]),
    ],
  };
}

function scenario(one) {
  if (one.failure) return h("section", {}, h("h2", {}, `${one.scenario}, Python ${one.python}`), h("p", {}, one.failure));
  const dots = one.parts.filter((part) => part.interval);
  const axis = axisOf([...dots.map((part) => part.interval[0]), one.whole?.[0] ?? 1]);
  const cell = (interval, words, kind) => strip(axis, interval
    ? [{ kind, ratio: interval[0], low: interval[1] ?? 0, high: interval[2] ?? Infinity, tip: [words] }] : [], { height: 24, label: words });
  const rows = one.parts.map((part) => [
    h("code", {}, part.label), part.words,
    h(part.named ? "strong" : "span", {}, part.finding),
    cell(part.interval, `${part.label}: ${part.words}`, part.named ? part.finding : "undecided"),
    [part.commits.slice(0, 3).map((each) => h("div", {}, codes(`${each.subject} (${each.author})`))), part.commits.length > 3 ? `and ${part.commits.length - 3} more` : null],
  ]);
  if (one.whole) rows.push({ class: "whole", cells: ["the whole range, measured", one.whole_words, one.agrees === null ? "" : one.agrees ? "agrees with the product" : "does not agree", cell(one.whole, one.whole_words, one.whole[0] < 1 ? "faster" : "slower"), ""] });
  return h("section", { "aria-label": `${one.scenario}, Python ${one.python}` },
    h("h2", {}, `${one.scenario}, Python ${one.python}`),
    h("p", { class: "headline" }, one.outcome),
    rows.length ? table(["commits", ["contribution", NUMBER], "finding", [axisLine(axis, 9), "wide"], "what"], rows, { label: `Contributions, ${one.scenario}` }) : null,
    one.proved.length ? details(`${plural(one.proved.length, "commit")} proved to contribute nothing`, () =>
      table(["commit", "subject", "why"], one.proved.map((each) => [h("code", {}, each.label), codes(each.subject), codes(each.why)]), { label: "Proved" })) : null);
}

export async function stackView(data) {
  const stacks = await load(data.stack);
  return {
    title: "The stack by layer",
    nodes: [
      h("h1", {}, "The stack, layer by layer"),
      h("p", { class: "lead" }, "One command of a user, followed through all its processes. Each moment of its wall time is counted once, in the layer that the command waited for, so the layers add up."),
      stacks.length ? stacks.map((one) => stack(one)) : h("p", {}, "No command was traced yet: bench trace TARGET REV."),
    ],
  };
}

function stack(one) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? document.documentElement.dataset.theme !== "light" : document.documentElement.dataset.theme === "dark";
  const painted = { ...one, layers: one.layers.map((layer) => ({ ...layer, paint: layer.colour ? (dark && layer.colour[1]) || layer.colour[0] : "#999999" })) };
  const two = one.sides.length > 1;
  const rows = [...painted.layers, { ...one.whole, name: "the whole command", whole: true }].map((layer) => ({
    class: layer.whole ? "whole" : null,
    cells: [
      [layer.paint ? h("span", { class: "swatch", style: `background:${layer.paint}`, "aria-hidden": "true" }) : null, layer.name],
      ...layer.words.flatMap((words, at) => [h("span", { title: layer.ranges[at] }, words)]),
      layer.shares[layer.shares.length - 1],
      ...(two ? [layer.apart === null ? "–" : layer.apart ? "do not overlap" : "overlap"] : []),
    ],
  }));
  return h("section", { "aria-label": `${one.target} ${one.scenario} ${one.label}` },
    h("h2", {}, `${one.target} ${one.scenario}, ${one.label}`),
    h("p", { class: "headline" }, `${one.whole.words.join(" → ")}`),
    h("p", { class: "quiet" }, `Python ${one.python} on ${one.machine}, ${one.measured}; ${Object.values(one.runs).filter(Boolean).map((count) => plural(count, "traced run")).join(" and ")}; load ${one.load === null ? "not recorded" : one.load.toFixed(1)}. These runs carry a recorder; no verdict rests on them. As a page: `, h("code", {}, one.page)),
    chart((charts, width) => charts.layers(painted, width)),
    table(["layer", ...one.sides.map((side) => [side, NUMBER]), ["share", NUMBER], ...(two ? ["ranges of the runs"] : [])], rows, { label: `Layers of ${one.scenario}` }));
}

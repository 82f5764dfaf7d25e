// What lies along histories, and the stack by layer.

import { chart } from "./charting.js";
import { load } from "./data.js";
import { codes, details, h, plural, table } from "./dom.js";
import { attributionsTable } from "./attribution.js";
import { bisectionsTable } from "./bisections.js";
import { address } from "./links.js";
import { inTheme } from "./theme.js";

const NUMBER = "number";

export function historiesView(data) {
  return {
    title: "Histories",
    nodes: [
      h("h1", {}, "Along the history"),
      h("p", { class: "lead" }, "Series of revisions, each measured in pairs with the first; ranges whose change was split among their commits; and searches for the one commit that did it."),
      h("h2", {}, "Histories"),
      data.histories.length
        ? h("ul", { class: "cards" }, data.histories.map((one) => h("li", {}, h("a", { href: address("history", one.file) }, `${one.target} ${one.label}`), h("p", { class: "quiet" }, plural(one.points, "point")))))
        : h("p", {}, "None was measured yet: bench run TARGET base..head --every 1."),
      h("h2", {}, "Attributions"),
      data.attributions.length
        ? attributionsTable(data)
        : h("p", {}, "None was made yet: bench attribute TARGET base..head."),
      h("h2", {}, "Bisections"),
      data.bisections.length ? bisectionsTable(data) : h("p", {}, "None was made yet: bench bisect TARGET base..head --benchmark NAME."),
      data.profiles.length
        ? [h("h2", {}, "Flame graphs of pairs that were profiled only"),
          h("ul", { class: "cards" }, data.profiles.map((one) => h("li", {}, h("a", { href: address("profile", one.file) }, `${one.target} ${one.label}`))))]
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
  const box = h("div");
  return inTheme(box, (dark) => box.replaceChildren(layers(one, dark)));
}

function layers(one, dark) {
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

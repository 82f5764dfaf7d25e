// One pair: what changed, whether to believe it, every round, what was counted, how to repeat it.

import { chart } from "./charting.js";
import { load } from "./data.js";
import { codes, command, details, h, inline, plural, table } from "./dom.js";
import { addressOf } from "./links.js";
import { legend } from "./overview.js";
import { axisOf } from "./scale.js";
import { shifts } from "./shifts.js";
import { columnAxis, strip } from "./strip.js";
import { moduleTree } from "./tree.js";
import { isBad } from "./verdicts.js";

export async function pairView(data, name) {
  const file = `data/${name}.js`;
  const pair = await load(file);
  const { part, of } = data.pairs.find((one) => one.file === file) ?? {};
  const title = `${pair.target} ${pair.base} → ${pair.head}`;
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/" }, "All pairs"), part ? [" · part of: ", of ? h("a", { href: addressOf(of) }, part) : part] : null),
      h("h1", {}, title),
      pair.subject ? h("p", { class: "lead" }, codes(pair.subject)) : null,
      h("p", { class: "quiet" }, `${pair.layers.join(", ")} · measured ${pair.newest} · as a page: `, h("code", {}, pair.page)),
      pair.machines.map((one) => machine(one, pair)),
      shifts(pair.shifts),
    ],
  };
}

function machine(one, pair) {
  return h("section", { "aria-label": one.name },
    h("h2", {}, pair.machines.length > 1 ? `On ${one.name}` : "What changed"),
    h("p", { class: "headline" }, inline(one.headline)),
    one.doubts.map((words) => h("p", { class: "warn" }, "⚠ ", inline(words))),
    h("p", { class: "quiet" }, inline(one.conditions)),
    results(one),
    one.reasons.length
      ? [h("h3", {}, "Why?"), h("ul", {}, one.reasons.map(([name, words]) => h("li", {}, h("code", {}, name), ": ", inline(words.replace(/ \(\[counters\]\([^)]*\)\)$/, "")))))]
      : null,
    one.cautions.length
      ? [h("h3", {}, "Read with care"), h("ul", {}, one.cautions.map((words) => h("li", {}, inline(words))))]
      : null,
    h("h3", {}, "Every round"),
    h("p", { class: "quiet" }, "Base and head of a round are measured together, so what moves both alike cancels in their ratio. Filled marks decide the verdict; the band is the interval. A ratio that drifts or jumps is a reason to measure again."),
    one.runs.map((run, index) => details(`${run.name}: ${plural(run.rounds.reduce((sum, each) => sum + each.log_ratios.length, 0), "round")} of ${plural(run.rounds.length, "benchmark")}`, () => rounds(run), { open: index === 0 })),
    counters(one),
    h("h3", {}, "Repeat it"),
    command(one.repeat),
    raw(one),
  );
}

const NUMBER = "number";

function results(one) {
  const rows = ordered(one.runs.flatMap((run) => run.rows.map((row) => ({ ...row, run, figures_of: run.result.benchmarks.find((each) => each.name === row.name) }))));
  const intervals = rows.map((row) => row.figures_of?.size?.interval).filter(Boolean);
  const axis = axisOf(intervals.map((each) => each.ratio));
  const several = one.runs.length > 1;
  const body = rows.map((row) => {
    const interval = row.figures_of?.size?.interval;
    const dots = interval
      ? [{ kind: row.kind, ratio: interval.ratio, low: interval.low ?? 0, high: interval.high ?? Infinity, tip: [row.name, row.change, row.verdict, row.source] }]
      : [];
    return {
      class: row.control ? "control" : null,
      cells: [
        [h("code", {}, row.name), row.control ? " (control)" : ""],
        ...(several ? [row.run.name.replace("Python ", "")] : []),
        row.figures,
        row.change,
        [verdict(row), ...row.asides.map((words) => h("div", { class: "aside" }, `⚠ ${words}`))],
        strip(axis, dots, { height: 24, label: `${row.name}: ${row.change}`, band: row.figures_of?.mei ?? 0 }),
      ],
    };
  });
  const columns = ["benchmark", ...(several ? ["Python"] : []), ["before → after", NUMBER], ["change", NUMBER], "verdict", [columnAxis(axis), "wide"]];
  return [
    table(columns, body, { label: `Results on ${one.name}` }),
    h("p", { class: "quiet" }, "Before and after are medians. The change is estimated within rounds (Hodges–Lehmann); it need not equal the ratio of the two medians. The grey band is the minimum effect of interest."),
    legend(),
    more(rows, several),
  ];
}

/** The Pythons of a benchmark beneath each other, the control last. */
function ordered(rows) {
  const names = [...new Set(rows.map((row) => row.name))];
  const rank = (row) => (row.control ? names.length : names.indexOf(row.name));
  return rows.map((row, at) => ({ row, at })).sort((a, b) => rank(a.row) - rank(b.row) || a.at - b.at).map(({ row }) => row);
}

function verdict(row) {
  const bad = isBad(row.kind);
  return h(bad ? "strong" : "span", { class: bad ? "worse" : row.kind === "faster" ? "better" : null }, row.verdict);
}

/** What else is known of each benchmark: collapsed tables. */
function more(rows, several) {
  const named = (row) => [h("code", {}, row.name), ...(several ? [row.run.name.replace("Python ", "")] : [])];
  const first = ["benchmark", ...(several ? ["Python"] : [])];
  const part = (title, words, key, columns) => {
    const found = rows.filter((row) => row[key]);
    if (!found.length) return null;
    return details(title, () => [
      h("p", { class: "quiet" }, words),
      table([...first, ...columns], found.map((row) => [...named(row), ...[row[key]].flat()]), { label: title }),
    ]);
  };
  const facts = rows.map((row) => [
    ...named(row), row.source, row.figures_of?.p_value === null || row.figures_of?.p_value === undefined ? "–" : probability(row.figures_of.p_value),
    row.detectable ?? "–", row.reason,
  ]);
  return [
    part("Wall time, sides in turn", "What a user waits for: one side after the other.", "wall", [["before → after", NUMBER], ["change", NUMBER]]),
    part("Import cost net of interpreter start", "CPU time without the start of the bare interpreter.", "net", [["before → after", NUMBER], ["change", NUMBER]]),
    part("Memory", "Peak resident memory of a process: medians, and a verdict of its own.", "memory", [["before → after", NUMBER], ["change", NUMBER], "verdict"]),
    details("Rounds, p-values and the minimum detectable effect", () =>
      table([...first, "size rests on", ["p", NUMBER], ["detectable", NUMBER], "ended because"], facts, { label: "Rounds and p-values" })),
  ];
}

function probability(value) {
  return value < 0.0001 ? "< 0.0001" : value < 0.01 ? value.toFixed(4) : value.toFixed(2);
}

function rounds(run) {
  return run.rounds.map((panel) => h("figure", { class: "rounds" },
    h("figcaption", {}, h("code", {}, panel.name), ` ${panel.change}, ${plural(panel.log_ratios.length, "round")}`),
    chart((charts, width) => charts.rounds(panel, width)),
    details("As a table", () => table(
      [["round", NUMBER], ["before", NUMBER], ["after", NUMBER], ["after ÷ before", NUMBER], "decides"],
      panel.log_ratios.map((one, at) => [String(at + 1), amount(panel.base[at], panel.unit), amount(panel.head[at], panel.unit), Math.exp(one).toFixed(4), panel.decides[at] ? "yes" : "no"]),
      { label: `Rounds of ${panel.name}` })),
  ));
}

/** Three digits, as on the pages. */
function amount(value, unit) {
  if (unit === "bytes") return `${(value / 2 ** 20).toFixed(1)} MiB`;
  const [factor, name] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]].find(([each]) => Math.abs(value) >= each) ?? [1e-9, "ns"];
  const size = Math.floor(Math.log10(Math.abs(value / factor) || 1));
  return `${(value / factor).toFixed(Math.max(0, 2 - size))} ${name}`;
}

function counters(one) {
  const runs = one.runs.filter((run) => run.counters.length);
  if (!runs.length) return null;
  return [
    h("h3", {}, "Counters and modules"),
    h("p", { class: "quiet" }, "From one process a side after the timing, with its child processes. Counters say what changed; they are no measure of time."),
    runs.map((run) => run.counters.map((each) => details([h("code", {}, each.name), `, ${run.name}`], () => [
      table(["counter", ["base", NUMBER], ["head", NUMBER], ["change", NUMBER]], each.rows, { label: `Counters of ${each.name}` }),
      each.vanished.length ? moduleTree(each.vanished, "no longer imported") : null,
      each.appeared.length ? moduleTree(each.appeared, "newly imported") : null,
    ]))),
  ];
}

export async function profileView(_data, name) {
  const page = await load(`data/${name}.js`);
  const title = `${page.target} ${page.label}`;
  return { title, nodes: [h("p", { class: "crumb" }, h("a", { href: "#/histories" }, "Histories")), h("h1", {}, title), shifts(page.shifts)] };
}

function raw(one) {
  return [
    h("p", { class: "quiet" }, "Raw data: ", one.runs.map((run, at) => [at ? ", " : "", h("code", {}, run.raw)])),
    h("p", {}, one.runs.map((run) => h("button", { type: "button", onclick: () => save(run) }, `JSON of ${run.name}`))),
  ];
}

/** The document that `--json` prints. */
function save(run) {
  const link = h("a", { download: `${run.result.target}-${run.result.run}.json`, href: URL.createObjectURL(new Blob([JSON.stringify([run.result], null, 1)], { type: "application/json" })) });
  link.click();
}

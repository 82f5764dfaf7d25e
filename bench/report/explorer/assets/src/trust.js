// Is this real? What speaks for the figures and against them.

import { load } from "./data.js";
import { details, h, inline, plural, table } from "./dom.js";
import { axisOf } from "./scale.js";
import { columnAxis, strip } from "./strip.js";

const NUMBER = "number";

export async function trustView(data) {
  const trust = await load(data.trust);
  const runs = trust.runs;
  const parts = runs.filter((one) => one.part), asked = runs.filter((one) => !one.part);
  const told = (found, words) => (found.length ? `${found.length} of ${runs.length} ${words}` : null);
  const facts = [
    told(runs.filter((one) => one.control && !one.doubtful), "runs have a control that does not differ: the same interpreter on both sides"),
    told(runs.filter((one) => one.doubtful), "runs are doubtful: their control differs"),
    told(runs.filter((one) => one.loaded), "runs were measured on a loaded machine: verdicts allow for it, with more rounds"),
    told(runs.filter((one) => one.dirty), "runs were measured by a harness with uncommitted changes"),
    told(runs.filter((one) => !one.tested), "runs did not run the project's own tests on both sides"),
    told(runs.filter((one) => !one.complete), "runs are not complete"),
  ].filter(Boolean);
  return {
    title: "Is this real?",
    nodes: [
      h("h1", {}, "Is this real?"),
      h("p", { class: "lead" }, "A figure is worth what it was obtained with. Each run measures the bare interpreter against itself as a control, in the same rounds as everything else."),
      h("ul", {}, facts.map((words) => h("li", {}, words))),
      h("h2", {}, "Controls, load, harness and tests of each run"),
      asked.length ? controls(asked) : h("p", {}, "No run yet."),
      parts.length ? details(`${plural(parts.length, "run")} of single steps, stretches, claims and questions`, () => controls(parts)) : null,
      h("h2", {}, "What the machines can detect"),
      h("p", { class: "quiet" }, "Calibrations measure every benchmark against itself, in two separately built environments of one revision. Detectable: the smallest change that 80% of runs find."),
      trust.calibrations.length ? trust.calibrations.map((one) => calibration(one)) : h("p", {}, "Nothing was calibrated yet: bench calibrate TARGET."),
      h("h2", {}, "Claims of this project, measured"),
      trust.checks.length ? trust.checks.map((one) => check(one)) : h("p", {}, "Not checked yet: bench selfcheck."),
    ],
  };
}

function controls(runs) {
  const axis = axisOf([0.97, 1.03, ...runs.filter((one) => one.control).flatMap((one) => one.control.filter((each) => each > 0.8 && each < 1.25))]);
  const rows = runs.map((one) => ({
    class: one.doubtful ? "doubtful" : null,
    cells: [
      `${one.target} ${one.base} → ${one.head}, ${one.run.replace("Python ", "")}`,
      one.control_words,
      strip(axis, one.control ? [{ kind: one.doubtful ? "slower" : "same", ratio: one.control[0], low: one.control[1] ?? 0, high: one.control[2] ?? Infinity, tip: [one.run, one.control_words, one.control_verdict] }] : [], { height: 24, label: `control: ${one.control_words}` }),
      one.control_verdict,
      one.load === null ? "–" : `${Math.round(one.load * 100)}%`,
      one.dirty ? "⚠ dirty" : "clean",
      inline(one.tests),
      one.machine,
    ],
  }));
  return table(["run", ["control", NUMBER], [columnAxis(axis, 7), "wide"], ["says", "whole-words"], ["load", NUMBER], ["harness", "whole-words"], "tests", "machine"], rows, { label: "Controls" });
}

function calibration(one) {
  const [outcome, claim, measured] = one.claim;
  return details(`${one.target}, Python ${one.python}, ${one.machine}, ${one.at}: ${outcome}`, () => [
    h("p", {}, `${claim}: ${measured}`),
    table(one.columns.map((name, at) => (at ? [name, NUMBER] : name)), one.rows, { label: `Calibration of ${one.target}` }),
  ], { open: true });
}

function check(one) {
  const held = one.claims.filter(([outcome]) => outcome === "holds").length;
  return details(`${one.machine}, ${one.at}: ${held} of ${plural(one.claims.length, "claim")} hold`, () =>
    table(["claim", "measured", "result"], one.claims.map(([outcome, claim, measured]) => [claim, measured, outcome === "FAILED" ? h("strong", { class: "worse" }, outcome) : outcome]), { label: "Claims" }), { open: true });
}

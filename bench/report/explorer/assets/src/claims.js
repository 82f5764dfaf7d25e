// Claims of commit messages: what was claimed and what was measured, on one axis.

import { load } from "./data.js";
import { codes, command, details, h, inline, plural, s, select, table } from "./dom.js";
import { address, pairLink } from "./links.js";
import { legend } from "./overview.js";
import { axisOf, place } from "./scale.js";
import { columnAxis, dotOf, percent, span, strip } from "./strip.js";
import { LOOKS } from "./verdicts.js";

const NUMBER = "number";
const HIGH = 26;
const nameOf = (one) => `${one.target} ${one.label}${one.of ? `, message of ${one.of}` : ""}`;

export function claimsView(data) {
  return {
    title: "Claims",
    nodes: [
      h("h1", {}, "Do the claimed speed-ups hold?"),
      h("p", { class: "lead" }, "Speed-ups that commit messages tell of, each measured against the commit's parent."),
      data.claims.length
        ? table(["range", ["claims", NUMBER], "what became of them", "begun", "ended"], data.claims.map((one) => [
          h("a", { href: address("claims-of", one.file) }, nameOf(one)), String(one.claims), one.tally, one.begun, one.progress,
        ]), { label: "Claims" })
        : h("p", {}, "None was tested yet: bench claims TARGET base..head."),
    ],
  };
}

/** The claims of a range. The address holds which verdict is chosen. */
export async function claimsOfView(data, name, query) {
  const page = await load(`data/${name}.js`);
  const title = `${nameOf(page)}: do the claimed speed-ups hold?`;
  const verdicts = [...new Set(page.shown.map((one) => one.verdict))];
  const wanted = new URLSearchParams(query).get("verdict");
  let chosen = verdicts.includes(wanted) ? wanted : "";
  const list = h("div", { id: "claims" });
  const count = h("p", { role: "status", id: "count" });
  const draw = () => {
    const shown = page.shown.filter((one) => !chosen || one.verdict === chosen);
    count.textContent = chosen ? `${shown.length} of ${plural(page.shown.length, "claim")}` : plural(page.shown.length, "claim");
    list.replaceChildren(claims(data, page, shown));
  };
  const choose = (verdict) => {
    chosen = verdict;
    history.replaceState(null, "", `#/claims-of/${name}${verdict ? `?${new URLSearchParams({ verdict })}` : ""}`);
    draw();
  };
  draw();
  const options = [["", `all (${page.shown.length})`], ...verdicts.map((one) => [one, `${LOOKS[one]?.words ?? one} (${page.shown.filter((each) => each.verdict === one).length})`])];
  return {
    title,
    nodes: [
      h("p", { class: "crumb" }, h("a", { href: "#/claims" }, "Claims")),
      h("h1", {}, title),
      h("p", { class: "headline" }, inline(page.headline)),
      h("p", { class: "quiet" }, `${page.machine}, begun ${page.begun}, ${page.progress}. As a page: `, h("code", {}, page.page)),
      h("form", { class: "controls", "aria-label": "Filter claims", onsubmit: (event) => event.preventDefault() }, select("Verdict", options, chosen, choose)),
      count, list,
      marks(verdicts),
      details("How to read it", () => h("p", { class: "lead" }, inline(page.method))),
      h("h2", {}, "Repeat it"),
      command([page.repeat]),
    ],
  };
}

function claims(data, page, shown) {
  const axis = axisOf(page.shown.flatMap((one) => [one.ratio ?? 1, one.interval?.[0] ?? 1]));
  const rows = shown.map((one) => [
    h("code", {}, one.what || "–"),
    picture(axis, one),
    one.claimed, measured(data, one),
    [h("strong", { class: `whole-words${["worse", "broken"].includes(LOOKS[one.verdict]?.tone) ? " worse" : ""}` }, LOOKS[one.verdict]?.words ?? one.verdict), one.reason ? h("div", { class: "quiet" }, codes(one.reason)) : null],
    [h("code", {}, one.commit), one.told_by ? [" (figure in ", h("code", {}, one.told_by), ")"] : null, h("div", { class: "quiet whole-words" }, one.date)],
    one.python, codes(one.by),
  ]);
  return table(["what", [columnAxis(axis), "wide"], ["claimed", NUMBER], ["measured", NUMBER], "verdict", "commit", "Python", "tested by"], rows, { label: "Claimed and measured" });
}

/** The claim as an upright line within the stretch that counts as holding; the measured above. */
function picture(axis, one) {
  const at = one.ratio ? percent(place(axis, one.ratio)) : null;
  const under = [
    one.holds ? span(axis, one.holds, HIGH) : null,
    at ? s("line", { class: "claimed", x1: at, x2: at, y1: 2, y2: HIGH - 2 }) : null,
  ].filter(Boolean);
  const dots = dotOf(one.interval, one.verdict, [one.what, `claimed ${one.claimed}`, `measured ${one.measured}`, LOOKS[one.verdict]?.words ?? one.verdict]);
  return strip(axis, dots, { height: HIGH, label: `claimed ${one.claimed}, measured ${one.measured}: ${one.verdict}`, under });
}

function measured(data, one) {
  const against = one.older ? h("div", {}, `against ${one.older.label}: `, pairLink(data, one.older.pair, one.older.measured)) : null;
  return [pairLink(data, one.pair, one.measured), against];
}

function marks(verdicts) {
  const list = legend(verdicts);
  list.append(
    h("li", {}, s("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, s("rect", { class: "band", x: -7, y: -7, width: 14, height: 14 }), s("line", { class: "claimed", x1: 0, x2: 0, y1: -7, y2: 7 })), "claimed, and what is near enough to hold"));
  return list;
}

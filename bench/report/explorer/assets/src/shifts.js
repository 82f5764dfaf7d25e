// Flame graphs of a shift, of pairs that were profiled and of optimisations.

import { details, h, inline } from "./dom.js";
import { flame } from "./flame.js";

/** All that were drawn; the first one is open. Each: { scenario, python, what, svg, told?, words? }. */
export function shifts(found, { title = "Where the time went" } = {}) {
  if (!found.length) return null;
  return h("section", { "aria-label": "Flame graphs" },
    h("h2", {}, title),
    h("p", { class: "quiet" }, "Flame graphs of both revisions on one scale, coloured by what became of each frame."),
    found.map((one, index) => details(`${one.scenario}, Python ${one.python}: ${one.what}`, () => [one.words ? h("p", {}, inline(one.words)) : null, flame(one.svg, one.told)], { open: index === 0 })));
}

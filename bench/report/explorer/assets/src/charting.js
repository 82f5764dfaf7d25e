// Charts need the plotting library, which is read when the first one is shown.

import { script } from "./data.js";
import { h } from "./dom.js";

const LEAST_PX = 280;

/** A place for a chart, drawn once it can be seen: `draw(charts, width)` makes it. */
export function chart(draw) {
  const box = h("div", { class: "chart" });
  let drawn = 0;
  const redraw = async () => {
    const width = Math.max(LEAST_PX, box.clientWidth);
    if (width === drawn) return;
    drawn = width;
    await script("charts.js");
    box.replaceChildren(draw(self.charts, width));
  };
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    seen.disconnect();
    new ResizeObserver(redraw).observe(box);
  }, { rootMargin: "300px" });
  seen.observe(box);
  return box;
}

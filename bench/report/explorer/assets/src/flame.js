// A flame graph inside the page: in the page's colours, with the arrow keys from frame to frame.

import { h } from "./dom.js";
import { inTheme } from "./theme.js";
import { hide, showAt } from "./tip.js";

const DARK = "@media(prefers-color-scheme:dark)";
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/**
 * The picture and a line that tells the chosen frame. It lies in a tree of its own, as its styles
 * are for any text and box; nothing in it runs.
 */
export function flame(source, told) {
  const svg = document.importNode(new DOMParser().parseFromString(source, "image/svg+xml").documentElement, true);
  svg.querySelectorAll("script, foreignObject").forEach((one) => one.remove());
  const label = told ?? svg.querySelector("text")?.textContent ?? "";
  const frames = framesOf(svg);
  const said = h("p", { class: "quiet frame", role: "status" }, "Point at a frame for its name, or go from one to the next with the arrow keys.");
  const box = h("div", { class: "flame", tabindex: "0", role: "group", "aria-roledescription": "flame graph", "aria-label": label });
  const style = svg.querySelector("style"), text = style?.textContent ?? "";
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("aria-hidden", "true");
  box.attachShadow({ mode: "open" }).append(outline(), svg);
  let current = null;
  const choose = (frame) => {
    current?.element.removeAttribute("part");
    current = frame;
    current.element.setAttribute("part", "chosen");
    said.textContent = current.words.join(": ");
  };
  box.addEventListener("keydown", (event) => {
    if (!KEYS.has(event.key) || !frames.length) return;
    event.preventDefault();
    choose(current ? neighbour(frames, current, event.key) : frames[0]);
    current.element.scrollIntoView({ block: "nearest", inline: "nearest" });
    showAt(current.element, current.words);
  });
  const pointed = (event) => frames.find((one) => event.composedPath().includes(one.element));
  box.addEventListener("pointermove", (event) => {
    const frame = pointed(event);
    if (frame) showAt(event, frame.words);
    else hide();
  });
  box.addEventListener("click", (event) => { const frame = pointed(event); if (frame) choose(frame); });
  box.addEventListener("pointerleave", hide);
  box.addEventListener("blur", hide);
  inTheme(box, (dark) => { if (style) style.textContent = text.replaceAll(DARK, dark ? "@media all" : "@media not all"); });
  return [h("div", { class: "scroll" }, box), said];
}

function outline() {
  return h("style", {}, "svg{display:block;width:100%}g[part=chosen] rect{stroke:currentColor!important;stroke-width:2!important}");
}

/** Frames with their place and words; what is said of them is shown by the page. */
function framesOf(svg) {
  return [...svg.querySelectorAll("g")].filter((one) => one.querySelector("title")).map((element) => {
    const title = element.querySelector("title"), rect = element.querySelector("rect");
    title.remove();
    const [x, y, width] = ["x", "y", "width"].map((name) => Number(rect.getAttribute(name)));
    return { element, words: title.textContent.split("\n"), x, y, end: x + width };
  });
}

/** The frame beside, above or below; the same where there is none. */
export function neighbour(frames, from, key) {
  const beside = frames.filter((one) => one.y === from.y).sort((a, b) => a.x - b.x);
  const at = beside.indexOf(from);
  if (key === "ArrowLeft") return beside[at - 1] ?? from;
  if (key === "ArrowRight") return beside[at + 1] ?? from;
  const down = key === "ArrowDown" ? 1 : -1;
  const found = frames.filter((one) => (one.y - from.y) * down > 0 && one.x < from.end && one.end > from.x);
  return found.sort((a, b) => (a.y - b.y) * down || a.x - b.x)[0] ?? from;
}

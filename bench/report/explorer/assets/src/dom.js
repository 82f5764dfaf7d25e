// Elements, and the small part of Markdown that words from the reports come with.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; null and false are left out. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

const INLINE = /(\*\*.+?\*\*|\*[^*\s][^*]*\*|``? ?.+? ?``?|\[[^\]]*\]\([^)]*\))/;

/** Words of a page as nodes: bold, emphasis, code, and the words of links. */
export function inline(text) {
  return text.split(INLINE).map((part, index) => (index % 2 ? marked(part) : clean(part)));
}

function marked(part) {
  if (part.startsWith("**")) return h("strong", {}, inline(part.slice(2, -2)));
  if (part.startsWith("`")) return h("code", {}, part.replace(/^``? ?| ?``?$/g, ""));
  if (part.startsWith("[")) return h("span", {}, inline(part.slice(1, part.indexOf("]("))));
  return h("em", {}, clean(part.slice(1, -1)));
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

function clean(text) {
  return text.replace(/\\([\\`*_[\]|~#+-])/g, "$1").replace(/&(?:lt|gt|amp);/g, (found) => ENTITIES[found]);
}

/** Words of somebody else, of which only what stands in backticks is more than words. */
export function codes(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

/** A table: columns are words or [words, "number"], cells are nodes or words. */
export function table(columns, rows, { caption = null, label = null } = {}) {
  const heads = columns.map((one) => (Array.isArray(one) ? one : [one, ""]));
  const body = rows.map((row) =>
    h("tr", { class: row.class }, (row.cells ?? row).map((cell, at) =>
      at === 0
        ? h("th", { scope: "row" }, cell)
        : h("td", { class: heads[at][1] || null, "data-of": heads[at][0] }, cell),
    )),
  );
  // A wide table scrolls by itself, also from the keyboard.
  return h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label ?? caption ?? "Table" },
    h("table", {},
      caption ? h("caption", {}, caption) : null,
      h("thead", {}, h("tr", {}, heads.map(([words, kind]) => h("th", { scope: "col", class: kind || null }, words)))),
      h("tbody", {}, body),
    ),
  );
}

/** A section that opens; what is in it is made when it is opened. */
export function details(summary, make, { open = false } = {}) {
  let made = false;
  const element = h("details", { open }, h("summary", {}, summary));
  const fill = () => {
    if (made || !element.open) return;
    made = true;
    element.append(...[make()].flat(Infinity).filter(Boolean));
  };
  element.addEventListener("toggle", fill);
  if (open) queueMicrotask(fill);
  return element;
}

/** A command that can be copied. */
export function command(lines) {
  const said = h("span", { role: "status", class: "said" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      said.textContent = "copied";
    } catch {
      said.textContent = "select it and copy";
    }
  };
  return h("div", { class: "command" },
    h("pre", { tabindex: "0", "aria-label": "Command" }, h("code", {}, lines.join("\n"))),
    h("button", { type: "button", onclick: copy }, "Copy"), said);
}

export function plural(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** A select with a visible label; options are [value, words]. */
export function select(label, options, value, change) {
  return h("label", {}, h("span", {}, label),
    h("select", { onchange: (event) => change(event.target.value) },
      options.map(([key, words]) => h("option", { value: key, selected: key === value }, words))));
}

export function checkbox(label, value, change) {
  return h("label", { class: "check" },
    h("input", { type: "checkbox", checked: Boolean(value), onchange: (event) => change(event.target.checked) }),
    h("span", {}, label));
}

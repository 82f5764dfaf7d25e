// Modules that only one side imports, as a tree of packages.

import { details, h, plural } from "./dom.js";

export function moduleTree(names, what) {
  const root = { count: 0, below: new Map() };
  for (const name of names) {
    let node = root;
    node.count += 1;
    for (const part of name.split(".")) {
      if (!node.below.has(part)) node.below.set(part, { count: 0, below: new Map() });
      node = node.below.get(part);
      node.count += 1;
    }
  }
  return details(`${plural(names.length, "module")} ${what}`, () => branches(root));
}

function branches(node) {
  const found = [...node.below].sort(([a, one], [b, other]) => other.count - one.count || a.localeCompare(b));
  return h("ul", { class: "tree" }, found.map(([name, below]) =>
    h("li", {}, below.below.size
      ? details([h("code", {}, name), ` ${below.count}`], () => branches(below))
      : h("code", {}, name))));
}

// Addresses inside the page.

import { h } from "./dom.js";

/** The address of a view of a document. */
export function address(view, file) {
  return `#/${view}/${file.replace(/^data\/|\.js$/g, "")}`;
}

/** Words that lead to a pair of the overview; only words where it is not there. */
export function pairLink(data, key, words) {
  const found = key ? data.pairs.find((one) => one.key === key) : null;
  return found ? h("a", { href: address("pair", found.file) }, words) : words;
}

// Addresses inside the page.

import { h } from "./dom.js";

/** The address of a view of a document. */
export function address(view, file) {
  return `#/${view}/${file.replace(/^data\/|\.js$/g, "")}`;
}

// Views by how the names of their documents begin, where they are called otherwise.
const VIEWS = { claims: "claims-of" };

/** The address of whatever a document holds. */
export function addressOf(file) {
  const kind = /^data\/([a-z]+)-/.exec(file)[1];
  return address(VIEWS[kind] ?? kind, file);
}

/** Words that lead to a pair of the overview; only words where it is not there. */
export function pairLink(data, key, words) {
  const found = key ? data.pairs.find((one) => one.key === key) : null;
  return found ? h("a", { href: address("pair", found.file) }, words) : words;
}

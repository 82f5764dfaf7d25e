// How a verdict looks: shape and colour say the same, so that neither is needed.

export const CHANGED = new Set(["faster", "slower", "broken", "less memory", "more memory"]);
const BAD = new Set(["slower", "broken", "more memory"]);
export const isBad = (kind) => BAD.has(kind);

export const LOOKS = {
  faster: { shape: "left", words: "faster" },
  slower: { shape: "right", words: "slower" },
  "less memory": { shape: "down", words: "less memory" },
  "more memory": { shape: "up", words: "more memory" },
  broken: { shape: "cross", words: "broken" },
  same: { shape: "dot", words: "same" },
  "below MEI": { shape: "diamond", words: "changed, below the minimum effect" },
  undecided: { shape: "ring", words: "undecided" },
  "": { shape: "ring", words: "not measured" },
};

const PATHS = {
  left: "M-5 0L3.5 -4.5V4.5Z",
  right: "M5 0L-3.5 -4.5V4.5Z",
  down: "M0 5L-4.5 -3.5H4.5Z",
  up: "M0 -5L-4.5 3.5H4.5Z",
  dot: "M3.5 0A3.5 3.5 0 1 1 -3.5 0A3.5 3.5 0 1 1 3.5 0",
  ring: "M3.5 0A3.5 3.5 0 1 1 -3.5 0A3.5 3.5 0 1 1 3.5 0",
  diamond: "M0 -4.5L4.5 0L0 4.5L-4.5 0Z",
  cross: "M-4 -4L4 4M-4 4L4 -4",
};

export function pathOf(kind) {
  return PATHS[(LOOKS[kind] ?? LOOKS[""]).shape];
}

/** The class of a mark: its colour, and whether it is filled. */
export function classOf(kind) {
  const good = kind === "faster" || kind === "less memory";
  const side = kind === "broken" ? "is-broken" : BAD.has(kind) ? "is-worse" : good ? "is-better" : "is-even";
  const hollow = ["ring", "cross"].includes((LOOKS[kind] ?? LOOKS[""]).shape);
  return `mark ${side}${hollow ? " hollow" : ""}`;
}

/** `3 faster, 1 slower, 2 undecided`, the worst first. */
export function tally(kinds) {
  const order = ["broken", "slower", "more memory", "faster", "less memory", "below MEI", "same", "undecided", ""];
  const found = order.map((kind) => [kind, kinds.filter((one) => one === kind).length]).filter(([, count]) => count);
  return found.map(([kind, count]) => `${count} ${(LOOKS[kind] ?? LOOKS[""]).words}`).join(", ");
}

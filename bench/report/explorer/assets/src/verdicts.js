// How a verdict looks: shape and colour say the same, so that neither is needed.

export const CHANGED = new Set(["faster", "slower", "broken", "less memory", "more memory"]);
const BAD = new Set(["slower", "broken", "more memory"]);
export const isBad = (kind) => BAD.has(kind);

// Verdicts on a pair, then those on a claim; *slower* and *undecided* are both.
export const LOOKS = {
  faster: { shape: "left", tone: "better", words: "faster" },
  slower: { shape: "right", tone: "worse", words: "slower" },
  "less memory": { shape: "down", tone: "better", words: "less memory" },
  "more memory": { shape: "up", tone: "worse", words: "more memory" },
  broken: { shape: "cross", tone: "broken", words: "broken", hollow: true },
  same: { shape: "dot", tone: "even", words: "same" },
  "below MEI": { shape: "diamond", tone: "even", words: "changed, below the minimum effect" },
  undecided: { shape: "ring", tone: "even", words: "undecided", hollow: true },
  holds: { shape: "dot", tone: "better", words: "holds" },
  more: { shape: "left", tone: "better", words: "more than claimed" },
  less: { shape: "square", tone: "worse", words: "less than claimed" },
  "no effect": { shape: "cross", tone: "broken", words: "no effect", hollow: true },
  elsewhere: { shape: "diamond", tone: "even", words: "holds elsewhere" },
  "not testable here": { shape: "ring", tone: "even", words: "not testable here", hollow: true },
  "not measured yet": { shape: "ring", tone: "even", words: "not measured yet", hollow: true },
  "": { shape: "ring", tone: "even", words: "not measured", hollow: true },
};

const PATHS = {
  left: "M-5 0L3.5 -4.5V4.5Z",
  right: "M5 0L-3.5 -4.5V4.5Z",
  down: "M0 5L-4.5 -3.5H4.5Z",
  up: "M0 -5L-4.5 3.5H4.5Z",
  dot: "M3.5 0A3.5 3.5 0 1 1 -3.5 0A3.5 3.5 0 1 1 3.5 0",
  ring: "M3.5 0A3.5 3.5 0 1 1 -3.5 0A3.5 3.5 0 1 1 3.5 0",
  diamond: "M0 -4.5L4.5 0L0 4.5L-4.5 0Z",
  square: "M-3.6 -3.6H3.6V3.6H-3.6Z",
  cross: "M-4 -4L4 4M-4 4L4 -4",
};

const lookOf = (kind) => LOOKS[kind] ?? LOOKS[""];

export function pathOf(kind) {
  return PATHS[lookOf(kind).shape];
}

/** The class of a mark: its colour, and whether it is filled. */
export function classOf(kind) {
  const { tone, hollow } = lookOf(kind);
  return `mark is-${tone}${hollow ? " hollow" : ""}`;
}

/** `3 faster, 1 slower, 2 undecided`, the worst first. */
export function tally(kinds) {
  const order = ["broken", "slower", "more memory", "faster", "less memory", "below MEI", "same", "undecided", ""];
  const found = order.map((kind) => [kind, kinds.filter((one) => one === kind).length]).filter(([, count]) => count);
  return found.map(([kind, count]) => `${count} ${lookOf(kind).words}`).join(", ");
}

// A logarithmic axis of ratios head/base: faster on the left, slower on the right.

const LIMITS = [1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];
const PERCENTS = [0.005, 0.01, 0.02, 0.05, 0.1];
const TIMES = [
  [1.1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500],
  [1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500],
  [1.5, 2, 3, 5, 10, 20, 50, 100, 200, 500],
  [2, 5, 10, 20, 50, 100, 200, 500],
  [2, 5, 20, 100, 500],
  [3, 20, 100, 500],
  [10, 100, 1000],
];
const CLOSE = 1.25; // up to here the axis is in per cent

/** An axis with round limits that holds these ratios. */
export function axisOf(ratios) {
  const known = ratios.filter((one) => one > 0 && Number.isFinite(one));
  const down = rounded(1 / Math.min(1, ...known)), up = rounded(Math.max(1, ...known));
  // The side on which little happens keeps room enough to be seen.
  const least = Math.max(down, up) ** 0.25;
  return { low: -Math.log(Math.max(down, least)), high: Math.log(Math.max(up, least)) };
}

function rounded(ratio) {
  return LIMITS.find((one) => one >= ratio) ?? ratio;
}

/** Where a ratio is, from 0 to 1; what lies outside stands at the edge. */
export function place(axis, ratio) {
  const at = (Math.log(ratio) - axis.low) / (axis.high - axis.low);
  return Math.min(1, Math.max(0, at));
}

/** Ratios with their words, at most about `most` of them. */
export function ticks(axis, most) {
  if (axis.low > 0 || axis.high < 0) return ticksApart(axis, most);
  const inTimes = Math.max(-axis.low, axis.high) > Math.log(CLOSE);
  const levels = inTimes
    ? TIMES.map((sizes) => sizes.flatMap((one) => [one, 1 / one]))
    : PERCENTS.map((step) => Array.from({ length: 60 }, (_, at) => 1 + (at - 30) * step));
  let found = [];
  for (const level of levels) {
    found = [1, ...level].filter((one) => one > 0 && Math.log(one) >= axis.low && Math.log(one) <= axis.high);
    found = [...new Set(found)].sort((a, b) => a - b);
    if (apart(axis, found) * most >= 1) break;
  }
  return found.map((ratio) => ({ ratio, words: ratioWords(ratio, inTimes) }));
}

/** Round factors where a ratio of 1 is not on the axis. */
function ticksApart(axis, most) {
  const [first, last] = [Math.exp(axis.low), Math.exp(axis.high)].map((one) => Math.max(one, 1 / one)).sort((a, b) => a - b);
  const raw = (last - first) / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const times = Array.from({ length: most + 2 }, (_, at) => (Math.ceil(first / step) + at) * step).filter((one) => one <= last);
  return times.map((one) => ({ ratio: axis.low > 0 ? one : 1 / one, words: `${trim(one)}x` })).sort((a, b) => a.ratio - b.ratio);
}

function apart(axis, found) {
  return Math.min(1, ...found.slice(1).map((one, at) => place(axis, one) - place(axis, found[at])));
}

/** A ratio as on the pages: in times, or near 1 in per cent. */
export function ratioWords(ratio, inTimes = !(ratio <= 1.2 && ratio >= 1 / 1.2)) {
  if (Math.abs(ratio - 1) < 1e-9) return inTimes ? "1x" : "0%";
  if (inTimes) return `${trim(Math.max(ratio, 1 / ratio))}x`;
  return `${ratio > 1 ? "+" : "−"}${trim(Math.abs(ratio - 1) * 100)}%`;
}

function trim(value) {
  return String(Number(value.toPrecision(3)));
}

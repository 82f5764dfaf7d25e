// The page: which view an address means, and what all views share.

import { attributionView } from "./attribution.js";
import { bisectionView } from "./bisections.js";
import { claimsOfView, claimsView } from "./claims.js";
import { overview } from "./data.js";
import { h } from "./dom.js";
import { optimizationView, optimizationsView } from "./optimizations.js";
import { historiesView, historyView, stackView } from "./others.js";
import { overviewView } from "./overview.js";
import { pairView, profileView } from "./pair.js";
import { switchTheme } from "./theme.js";
import { hide } from "./tip.js";
import { trustView } from "./trust.js";

const VIEWS = {
  "": overviewView, pair: pairView, optimizations: optimizationsView, optimization: optimizationView,
  histories: historiesView, history: historyView, attribution: attributionView, bisection: bisectionView,
  profile: profileView, claims: claimsView, "claims-of": claimsOfView, stack: stackView, trust: trustView,
};
const NAVIGATION = [
  ["", "Pairs"], ["optimizations", "Optimisations"], ["histories", "Histories"], ["claims", "Claims"], ["stack", "Stack"], ["trust", "Is this real?"],
];
const UNDER = {
  pair: "", optimization: "optimizations", history: "histories", attribution: "histories", bisection: "histories", profile: "histories", "claims-of": "claims",
};

async function show({ first = false } = {}) {
  hide();
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  const view = VIEWS[name] ?? overviewView;
  navigation(UNDER[name] ?? name);
  const main = document.getElementById("main");
  const data = overview();
  if (!data) {
    main.replaceChildren(h("p", {}, "data/overview.js cannot be read. Make the page again: bench site."));
    return;
  }
  try {
    const made = await view(data, decodeURIComponent(rest.join("/")), query);
    document.title = `${made.title} · duetbench`;
    main.replaceChildren(...made.nodes.flat(Infinity).filter(Boolean));
  } catch (error) {
    main.replaceChildren(h("p", { class: "warn" }, error.message));
  }
  if (!first) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

function navigation(current) {
  document.getElementById("views").replaceChildren(...NAVIGATION.map(([name, words]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, words)));
}

document.getElementById("theme").addEventListener("click", switchTheme);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  const typing = event.target.matches?.("input, select, textarea");
  if (event.key === "/" && !typing) {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});
addEventListener("hashchange", () => show());
show({ first: true });

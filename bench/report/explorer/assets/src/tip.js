// What is told of a mark that is pointed at. Everything in it is in a table as well.

const tip = () => document.getElementById("tip");

/** Show words (lines, the first one bold) while an element is pointed at, or has the focus. */
export function withTip(element, lines) {
  element.addEventListener("pointerenter", (event) => show(lines, event));
  element.addEventListener("pointermove", (event) => move(event));
  element.addEventListener("pointerleave", hide);
  element.addEventListener("focus", () => showAt(element, lines));
  element.addEventListener("blur", hide);
  return element;
}

/** Show words at an element, or where a pointer is. */
export function showAt(place, lines) {
  show(lines, place instanceof Element ? below(place) : place);
}

function show(lines, event) {
  const box = tip();
  const said = typeof lines === "function" ? lines() : lines;
  box.replaceChildren(...said.filter(Boolean).map((line, index) => {
    const element = document.createElement(index ? "div" : "strong");
    element.textContent = line;
    return element;
  }));
  box.hidden = false;
  move(event);
}

function below(element) {
  const { left, bottom } = element.getBoundingClientRect();
  return { clientX: left, clientY: bottom - 12 };
}

function move(event) {
  const box = tip();
  const wide = box.offsetWidth, high = box.offsetHeight;
  const left = Math.min(event.clientX + 14, innerWidth - wide - 8);
  const top = event.clientY + 18 + high > innerHeight ? event.clientY - high - 12 : event.clientY + 18;
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${Math.max(8, top)}px`;
}

export function hide() {
  tip().hidden = true;
}

// Probability bars: a candidate a row, each a real button: its label, its bar, its value. A click tells Python the row.
// Lists of one group light the same candidate together: each tells the window what is pointed at, and hears it from the others.

const ears = new WeakMap();  // mount → what hears of the candidate that is pointed at

export default function ({ data: { rows, words, colours, group, chosen }, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".bars");
  box.setAttribute("aria-label", words.label);
  box.style.setProperty("--bar", colours[paper(box).dark ? "dark" : "light"]);
  const letters = Math.max(10, ...rows.map(({ label }) => width(label)));  // at least a usual word, so that lists side by side agree
  box.style.setProperty("--wide", `${letters * (group ? 8 : 8.6)}px`);
  while (box.children.length > rows.length) box.lastChild.remove();
  while (box.children.length < rows.length) box.append(build());
  box.classList.toggle("grouped", Boolean(group));
  box.classList.toggle("marked", rows.some(({ mark }) => mark));
  rows.forEach((row, index) => fill(box.children[index], row, () => setTriggerValue("selected", index)));
  if (!group) return;

  const light = (names) => rows.forEach((row, index) => box.children[index].classList.toggle("lit", isSame(row.names, names)));
  const point = (names) => window.dispatchEvent(new CustomEvent("glassbox-candidate", { detail: { group, names } }));
  const hear = ({ detail }) => detail.group === group && light(detail.names ?? chosen);
  rows.forEach((row, index) => {
    const button = box.children[index];
    button.onpointerenter = button.onfocus = () => point(row.names);
    button.onpointerleave = button.onblur = () => point(null);
    button.ariaPressed = String(isSame(row.names, chosen));
  });
  light(chosen);
  return listen(parentElement, hear);
}

/** One ear for each mount: newer rows replace what listened for the older ones. */
function listen(mount, hear) {
  window.removeEventListener("glassbox-candidate", ears.get(mount));
  ears.set(mount, hear);
  window.addEventListener("glassbox-candidate", hear);
  return () => window.removeEventListener("glassbox-candidate", hear);
}

/** True where one list of names holds the other: "sad" in one blank, and "sad" there with "ball" in the next. */
function isSame(some, others) {
  const [few, many] = some.length < others.length ? [some, others] : [others, some];
  return few.length > 0 && few.every((name) => many.includes(name));
}

function build() {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  for (const name of ["label", "track", "value", "mark"]) {
    button.append(Object.assign(document.createElement("span"), { className: name }));
  }
  button.querySelector(".track").append(Object.assign(document.createElement("span"), { className: "fill" }));
  return button;
}

function fill(button, { label, share, value, quiet, mark }, choose) {
  button.classList.toggle("quiet", quiet);
  button.querySelector(".label").textContent = button.title = label;
  button.querySelector(".fill").style.width = `${Math.max(0, Math.min(share, 1)) * 100}%`;
  button.querySelector(".value").textContent = value;
  button.querySelector(".mark").textContent = mark;
  button.onclick = choose;
}

/** Letters of a monospaced face; Chinese ones are twice as wide. */
function width(text) {
  return [...text].reduce((sum, letter) => sum + (letter.codePointAt(0) > 0x2e7f ? 2 : 1), 0);
}

// The candidates of one step: a table whose rows are chosen by a click or by Enter. All text is set as text.

const COLUMNS = ["rank", "token", "tail", "log_prob", "cumulative", "score", "fate"];
const SHAPES = {  // as the tree draws them
  kept: '<circle cx="6" cy="6" r="4"/>',
  finished: '<path d="M.7.7h10.6v10.6H.7z"/><path class="full" d="M3.5 3.5h5v5h-5z"/>',
  pruned: '<path d="M6 2l4 4-4 4-4-4z"/>',
};

export default function ({ data: { rows, taken, selected, words, colours }, parentElement, setTriggerValue }) {
  const box = parentElement.querySelector(".contest"), [head, body] = ["thead", "tbody"].map((name) => box.querySelector(name));
  for (const [name, colour] of Object.entries(colours[isDark(box) ? "dark" : "light"])) box.style.setProperty(`--${name}`, colour);
  box.querySelector("table").setAttribute("aria-label", words.label);
  const titles = add(null, "tr");
  for (const name of COLUMNS) add(titles, "th", name, words[name]).scope = "col";
  head.replaceChildren(titles);
  body.replaceChildren();
  rows.forEach(({ id, cells, fate, why }, index) => {
    const row = add(body, "tr", `${fate}${id === selected ? " chosen" : ""}`);
    cells.forEach((cell, at) => add(row, "td", COLUMNS[at], cell));
    const last = add(row, "td", "fate"), mark = add(last, "span", "mark");
    mark.innerHTML = `<svg width="12" height="12">${SHAPES[fate]}</svg>`;
    add(last, "span", "", words[fate]);
    if (why) add(last, "span", "why", why);
    row.tabIndex = 0;
    row.dataset.node = id;
    row.ariaSelected = String(id === selected);
    row.onclick = () => setTriggerValue("selected", id);
    row.onkeydown = (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); row.onclick(); } };
    if (index === taken - 1 && taken < rows.length) add(add(body, "tr", "line"), "td", "", words.line).colSpan = COLUMNS.length;
  });
  const chosen = body.querySelector(".chosen");
  if (chosen) box.scrollTop = Math.max(0, chosen.offsetTop - box.clientHeight + 2 * chosen.offsetHeight);
}

function add(parent, tag, name = "", text = "") {
  const element = Object.assign(document.createElement(tag), { className: name, textContent: text });
  parent?.append(element);
  return element;
}

function isDark(box) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.fillStyle = getComputedStyle(box).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(ctx.fillStyle.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 < 128;
}

// The way from logits to a token: a row for each candidate, a column for each setting. A filter's column holds the number on which it
// decides; the line runs under the last row that it leaves, and what it cut steps back.

const FILTERS = ["top_k", "top_p", "min_p"];
const SHARES = ["top_p", "min_p", "probability", "sum"];

export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame"), [light, dark] = [data.colours.light, data.colours.dark];
  const [before, after] = paper(frame).dark ? dark : light;
  frame.style.setProperty("--own", before);
  frame.style.setProperty("--final", after);
  frame.querySelector("table").setAttribute("aria-label", data.words.label);
  head(frame.querySelector("thead"), data);
  body(frame.querySelector("tbody"), data, (id) => setTriggerValue("picked", id));
}

function head(box, { columns, on, words }) {
  const row = document.createElement("tr");
  row.append(cell("th", words.token, "token"));
  for (const name of columns) {
    const off = !on.includes(name), title = cell("th", words[name], `number ${name}${off ? " off" : ""}`);
    title.title = words[`${name}_help`];
    if (off) title.append(cell("small", words.off, ""));
    row.append(title);
  }
  box.replaceChildren(row);
}

function body(box, data, pick) {
  const { rows, columns, on, left, remaining, taken, draw, words, rest } = data;
  const most = Math.max(...rows.map((row) => Math.max(row[row.length - 3], row[row.length - 1])));
  const lines = rows.map(([id, rank, label, ...numbers], index) => {
    const row = document.createElement("tr"), jumps = index > 0 && rank !== rows[index - 1][1] + 1;
    row.className = [rank > remaining && "cut", id === taken && "taken", id === draw[0] && "drawn", jumps && "jumps"].filter(Boolean).join(" ");
    const name = cell("td", "", "token"), button = name.appendChild(document.createElement("button"));
    button.type = "button";
    button.append(cell("span", String(rank), "rank"), cell("bdi", label, ""));
    if (id === taken) button.append(cell("span", words.taken, "mark"));
    button.onclick = () => pick(id);
    row.append(name);
    columns.forEach((column, place) => row.append(number(column, numbers[place], { id, rank, on, left, most, numbers, data })));
    return row;
  });
  if (rest[0] > 0) lines.push(tail(fill(words.rest, { count: rest[0].toLocaleString("en"), share: percent(rest[1]) }), columns.length + 1));
  box.replaceChildren(...lines);
}

function number(column, value, { id, rank, on, left, most, numbers, data }) {
  const off = !on.includes(column), filter = FILTERS.includes(column);
  const classes = ["number", column, off && "off"];
  if (!off && filter) classes.push(rank > left[column] && "out", rank === left[column] && "last");
  const box = cell("td", off ? "" : written(column, value), classes.filter(Boolean).join(" "));
  if (column === "penalty" && !off && data.occurred.includes(id)) box.append(cell("span", data.words.occurred, "mark"));
  if (column === "probability") box.prepend(bar(numbers[numbers.length - 1] / most, "own"), bar(value / most, "final"));
  if (column === "sum" && id === data.draw[0]) {
    const dice = box.appendChild(cell("span", "◆", "dice"));
    dice.title = `${data.words.draw} ${data.draw[1].toFixed(4)}`;
  }
  return box;
}

function bar(share, name) {
  const box = cell("span", "", `bar ${name}`);
  box.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return box;
}

function tail(text, width) {
  const row = document.createElement("tr"), box = cell("td", text, "rest");
  box.colSpan = width;
  row.append(box);
  return row;
}

const percent = (share) => `${(share * 100).toFixed(share < 0.01 && share > 0 ? 3 : 1)}%`;
const written = (column, value) => (column === "top_k" ? String(value) : SHARES.includes(column) ? percent(value) : value.toFixed(2))
  .replace("-", "−");
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function cell(tag, text, name) {
  const box = document.createElement(tag);
  box.textContent = text;
  box.className = name;
  return box;
}

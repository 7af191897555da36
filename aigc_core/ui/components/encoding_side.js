// One encoding: its pictures, each with the sentence that says what it shows now, or the reason why there is nothing to show.

const TALL = { heat: 300, curves: 176, distance: 190, reach: 176 };  // CSS pixels

/** The sentence about a formula that is at fault, with the character marked. */
function problem(box, { sentence, formula, place }) {
  box.replaceChildren();
  add(box, "p", "sentence", sentence);
  if (place === null) return;
  const line = add(box, "code", "fault", "");
  add(line, "span", "", formula.slice(0, place));
  add(line, "mark", "", formula.slice(place, place + 1) || " ");  // nothing where the formula ends too early
  add(line, "span", "", formula.slice(place + 1));
}

class Side {
  constructor() {
    this.parts = {};  // picture's name → {figure, canvas, …}
  }

  /** The element of one picture; made once. */
  part(name) {
    if (this.parts[name]) return this.parts[name];
    const figure = document.createElement("figure");
    figure.className = name;
    if (name === "head" || name === "reach") {
      this.title = add(figure, "h5", "title", "");
      this.said = add(figure, "p", "said", "");
      this.about = add(figure, "p", "about", "");
    }
    const part = { figure };
    if (name !== "head") {
      part.canvas = add(figure, "canvas", "", "");
      part.canvas.setAttribute("role", "img");
      part.none = add(figure, "div", "none", "");
      if (name === "heat") part.worked = add(figure, "div", "worked", "");
      if (name === "clock") part.residual = add(figure, "div", "worked", "");
      part.legend = add(figure, "div", "legend", "");
      part.reading = add(figure, "p", "reading", "");
    } else {
      part.none = add(figure, "div", "none", "");
    }
    if (name === "heat") part.picture = new Heat(part.canvas);
    if (name in TALL && name !== "heat") part.picture = new Plot(part.canvas);
    return this.parts[name] = part;
  }

  /** Takes what Python told of this encoding and its numbers; everything that depends on them is painted. */
  update(data, arrays, header, look, lab) {
    Object.assign(this, { data, header, look, lab });
    this.numbers = (name) => arrays[`${data.index}.${name}`];
    if (this.title) {
      this.title.textContent = data.title;
      this.said.textContent = data.said;
      this.about.textContent = data.about;
    }
    this.matrix = !this.ready || !this.parts.heat ? null : data.acts === "biases" ? this.ofDistances() : this.ofTable();
    for (const [name, part] of Object.entries(this.parts)) {
      if (data.problem) problem(part.none, name === "head" || name === "reach" ? data.problem : { sentence: "", place: null });
      else part.none.textContent = data.none?.[name] ?? "";
      if (!part.canvas) continue;
      const there = !data.problem && !data.none?.[name];
      part.figure.classList.toggle("empty", !there);
      part.reading.textContent = there ? data.readings[name] ?? "" : "";
      part.canvas.setAttribute("aria-label", `${data.title}. ${part.reading.textContent}`);
      part.stale = there;
    }
    this.refresh();
  }

  /** Paints what is new and near the window; what is far from it is painted when it comes near. */
  refresh() {
    for (const [name, part] of Object.entries(this.parts)) {
      if (!part.stale || !part.near) continue;
      part.stale = false;
      this.paint(name, part);
    }
  }

  get ready() { return this.data && !this.data.problem; }

  paint(name, part) {
    const { look, header: { words }, lab: { cellWidth: width } } = this;
    if (name === "heat") {
      const { full } = this.data, tall = this.lab.narrow ? 220 : TALL.heat;
      part.picture.paint(this.matrix, full, look, width, tall, this.data.axes);
      part.legend.replaceChildren();
      add(part.legend, "span", "", brief(-full));
      add(part.legend, "i", "", "").style.background = `linear-gradient(to right, ${look.diverging.join()})`;
      add(part.legend, "span", "", `+${brief(full)}`);
      if (this.data.ends) add(part.legend, "span", "ends", this.data.ends.sentence);
    } else if (name === "clock") {
      this.clock = { table: this.table("table"), stepped: this.table("stepped"), pairs: this.data.pairs, longest: this.data.longest };
    } else {
      part.picture.paint(this.plot(name), look, width, TALL[name]);
      if (name === "curves") return;  // its legend depends on what is chosen
      part.legend.replaceChildren();
      for (const { name: title, colour, dash } of part.picture.plot.lines) if (title) this.key(part.legend, title, colour, dash);
      if (this.data.ends) add(part.legend, "span", "ends", this.data.ends.sentence);
    }
    if (name === "distance" && this.data.plots.distance.band) this.key(part.legend, words.band, look.lines[0]).className = "band";
  }

  key(box, title, colour, dash) {
    const entry = add(box, "span", "key", "");
    add(entry, "i", dash ? "dash" : "", "").style.color = colour;
    entry.append(title);
    return entry;
  }

  table(name) {
    const { numbers, shape: [rows, columns] } = this.numbers(name);
    return { numbers, rows, columns };
  }

  ofTable() {
    const { numbers, rows, columns } = this.table("table");
    return { rows, columns, total: [this.header.rows, this.header.columns], at: (row, column) => numbers[row * columns + column] };
  }

  /** Query × key of the chosen head: the bias at the distance key − query. */
  ofDistances() {
    const { numbers, shape: [, width] } = this.numbers("by_distance"), n = this.header.rows, start = this.data.head * width + n - 1;
    return { rows: n, columns: n, total: [n, n], at: (row, column) => numbers[start + column - row] };
  }

  /** A plot as Python described it, with its numbers and colours; for a table, the curves of the chosen dimensions. */
  plot(name) {
    const { look } = this, told = this.data.plots[name];
    const row = ({ array, row }) => {
      const { numbers, shape } = this.numbers(array), width = shape.at(-1);
      return numbers.subarray(row * width, (row + 1) * width);
    };
    const styles = {
      main: { colour: look.lines[0], width: 2 }, quiet: { colour: look.faint, width: 0.75, quiet: true },
      second: { colour: look.lines[1], width: 1.5, dash: [6, 3] }, third: { colour: look.lines[2], width: 1.5, dash: [2, 3] },
    };
    const lines = told.lines ? told.lines.map((line) => ({ ...styles[line.style], values: row(line), from: line.from, name: line.name }))
      : this.dimensions().map(({ dimension, colour }) => ({ values: this.column(dimension), from: 0, colour, name: String(dimension) }));
    const band = told.band && { low: row(told.band[0]), high: row(told.band[1]), from: 0, colour: look.lines[0] };
    return { ...told, lines, band };
  }

  /** The chosen dimensions that this encoding has, each with its colour. */
  dimensions() {
    const { columns } = this.table("table"), { dims } = this.lab;
    return dims.map((dimension, index) => ({ dimension, colour: this.look.lines[index % this.look.lines.length] }))
      .filter(({ dimension }) => dimension < columns);
  }

  column(dimension) {
    const { numbers, rows, columns } = this.table("table");
    return Float32Array.from({ length: rows }, (_, row) => numbers[row * columns + dimension]);
  }

  /** What depends on the cell looked at, the chosen dimensions and the position: drawn over what is painted. */
  show() {
    if (!this.ready) return;
    const { lab, data, parts } = this, cell = lab.cell;
    for (const [name, part] of Object.entries(parts)) {
      if (part.figure.classList.contains("empty") || part.stale || !part.near) continue;
      if (name === "heat") {
        part.picture.show(cell, data.acts === "biases" ? [] : lab.dims.filter((each) => each < this.matrix.columns));
        part.worked.textContent = this.worked(cell);
      } else if (name === "clock") {
        this.tell(part);
      } else if (part.picture) {
        if (name === "curves") this.chooseCurves(part);
        const at = name === "curves" ? (data.acts === "biases" ? cell && cell.column - cell.row : cell?.row) : lab.distance;
        part.picture.show(at ?? null);
        if (name !== "curves" && lab.distance !== null) part.canvas.dataset.at = lab.distance;
      }
    }
  }

  chooseCurves(part) {
    part.picture.plot = this.plot("curves");
    part.legend.replaceChildren();
    if (this.data.acts === "biases") return;
    for (const { name, colour } of part.picture.plot.lines) this.key(part.legend, put(this.header.words.dimension, { i: name }), colour);
  }

  tell(part) {
    const { lab, header, data } = this, pos = lab.value("position"), k = header.k, to = pos + k;
    drawClock(part.canvas, this.look, lab.cellWidth, this.clock, pos, to);
    const { numbers } = this.numbers("residual"), found = numbers[pos], { beyond_table, residual, residual_best } = header.words;
    const value = found > 0 && found < 1e-4 ? found.toExponential(1).replace("-", "−") : fourDecimals(found ?? 0);
    part.residual.textContent = found === undefined ? put(beyond_table, { to, n: data.rows })
      : put(data.exact ? residual : residual_best, { pos, k, to, value });
  }

  /** The formula of a cell with the numbers put in; what is the case where the encoding has no such cell. */
  worked(cell) {
    const { data, header: { words }, matrix } = this;
    if (!cell) return "";
    const { row, column } = cell;
    if (data.acts === "biases") {
      if (row >= matrix.rows || column >= matrix.columns) return "";
      return put(data.templates[column - row + matrix.rows - 1], { query: row, key: column, value: fourDecimals(matrix.at(row, column)) });
    }
    if (row >= matrix.rows || column >= matrix.columns) return put(words.no_cell, { row, column });
    const value = fourDecimals(matrix.at(row, column));
    if (data.acts === "added") return put(data.templates[column], { pos: row, value });
    const { numbers, shape: [, pairs] } = this.numbers("angles");
    const angle = put(data.templates[column], { pos: row, value: fourDecimals(numbers[row * pairs + data.pair_of[column]]) });
    return put(words.turned, { angle, value, pair: data.pair_of[column] });
  }
}

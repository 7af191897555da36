// The laboratory: sliders, then a row for each kind of picture with one figure for each encoding. One cell is looked at on all of them.

const labs = new Map();  // parentElement → Lab
const NARROW = 620;      // below this the encodings stand one above the other; CSS pixels
const PATIENCE = 2000;   // milliseconds after which an answer is no longer waited for
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };  // [row, column]

export default function ({ data, parentElement, setStateValue }) {
  if (!labs.has(parentElement)) labs.set(parentElement, new Lab(parentElement.querySelector(".lab")));
  const lab = labs.get(parentElement);
  lab.update(decode(data), (moved) => setStateValue("moved", moved));
  return () => {
    lab.close();
    labs.delete(parentElement);
  };
}

/** The bytes of encoding_lab.py's pack(). */
function decode(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const rest = bytes.slice(8 + length).buffer, arrays = {};  // a copy: numbers begin at a multiple of eight
  for (const [name, [offset, shape, kind]] of Object.entries(header.arrays)) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = { numbers: new (kind === "f8" ? Float64Array : Float32Array)(rest, offset, count), shape };
  }
  return { header, arrays };
}

class Lab {
  constructor(root) {
    Object.assign(this, { root, sliders: new Map(), sides: [], turn: 0, flying: 0, cell: null, distance: null, local: {} });
    this.unsent = new Set();  // names of what was moved since the last sending
    this.watcher = new ResizeObserver(() => { if (root.clientWidth !== this.width) this.draw(true); });
    this.watcher.observe(root);
    this.nearby = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.figures.get(target).near = isIntersecting;
      for (const side of this.sides) if (side.data) side.refresh();
      this.show();
    }, { rootMargin: "150px" });
  }

  close() {
    this.watcher.disconnect();
    this.nearby.disconnect();
    clearTimeout(this.timer);
  }

  update({ header, arrays }, send) {
    Object.assign(this, { header, arrays, send });
    this.turn = Math.max(this.turn, header.turn);
    if (header.turn >= this.turn) {  // an older answer does not pull back what was moved since
      for (const name of Object.keys(this.local)) if (!this.unsent.has(name)) delete this.local[name];
      if (!this.unsent.has("dims")) this.dims = header.dims;
    }
    const layout = JSON.stringify([header.pictures, header.sides.length, header.sliders.map(({ name, place }) => [name, place])]);
    const anew = layout !== this.layout;
    if (anew) this.build();
    this.layout = layout;
    this.fit();
    this.draw(anew);
    if (this.flying && header.turn >= this.flying) this.landed();
  }

  /** Where a slider stands. */
  value(name) {
    return this.local[name] ?? this.header.sliders.find((each) => each.name === name)?.value ?? 0;
  }

  // Sending: never two at once, and only the newest

  move(left) {
    this.wanted = { left: left || Boolean(this.wanted?.left) };
    if (!this.flying) this.launch();
  }

  launch() {
    const { left } = this.wanted;
    this.wanted = null;
    this.turn += 1;
    this.flying = this.turn;
    this.unsent.clear();
    const values = Object.fromEntries(this.header.sliders.map(({ name }) => [name, this.value(name)]));
    this.send({ turn: this.turn, left, dims: this.dims, values });
    this.timer = setTimeout(() => this.landed(), PATIENCE);
  }

  landed() {
    clearTimeout(this.timer);
    this.flying = 0;
    if (this.wanted) this.launch();
  }

  // The document

  build() {
    const { root, header } = this;
    root.replaceChildren();
    this.nearby.disconnect();
    this.figures = new Map();  // figure → part
    this.sliders.clear();
    const top = add(add(root, "div", "top", ""), "div", "sliders", "");
    this.sides = header.sides.map(() => new Side());
    for (const name of header.pictures) {
      const row = add(root, "section", `row ${name}`, ""), title = header.words[`${name}_title`];
      if (title) add(row, "h4", "", title);
      const own = add(row, "div", "sliders", "");
      for (const slider of header.sliders) if (slider.place === name) this.slider(own, slider);
      if (!own.childElementCount) own.remove();
      if (header.words[`${name}_hint`]) add(row, "p", "hint", header.words[`${name}_hint`]);
      const cells = add(row, "div", "cells", "");
      for (const side of this.sides) {
        const part = side.part(name), { figure, canvas, picture } = part;
        this.figures.set(figure, part);
        this.nearby.observe(cells.appendChild(figure));
        if (picture instanceof Heat) this.listenHeat(canvas, picture, side);
        else if (picture) this.listenPlot(canvas, picture, name, side);
      }
    }
    for (const slider of header.sliders) if (slider.place === "top") this.slider(top, slider);
    root.append(Object.assign(document.createElement("div"), { className: "told", ariaLive: "polite" }));
  }

  slider(box, { name, local, check }) {
    const label = add(box, "label", check ? "slider check" : "slider", "");
    const title = add(label, "span", "name", ""), output = add(label, "output", "", ""), input = add(label, "input", "", "");
    const idle = add(label, "small", "idle", "");
    input.type = check ? "checkbox" : "range";
    input.name = name;
    const take = (left) => {
      const slider = this.header.sliders.find((each) => each.name === name);
      this.local[name] = slider.stops[check ? Number(input.checked) : Number(input.value)] ?? this.value(name);
      output.textContent = this.shown(slider);
      this.unsent.add(name);
      if (name === "position") this.held = null;
      if (local) this.show();
      if (!local || left) this.move(left);
    };
    input.oninput = () => take(false);
    input.onchange = () => take(true);
    this.sliders.set(name, { label, title, input, output, idle, check });
  }

  /** Where a slider stands, in words. */
  shown(slider) {
    const value = this.value(slider.name);
    return value === 0 && slider.zero ? slider.zero : String(value);
  }

  /** Puts the sliders where Python says, except one that is being dragged. */
  fit() {
    for (const slider of this.header.sliders) {
      const { label, title, input, output, idle, check } = this.sliders.get(slider.name), value = this.value(slider.name);
      title.textContent = slider.label;
      Object.assign(input, { disabled: Boolean(slider.idle), ariaLabel: slider.label });
      if (check) input.checked = Boolean(value);
      else {
        const place = slider.stops.indexOf(value);
        Object.assign(input, { min: 0, max: slider.stops.length - 1, step: 1 });
        if (place >= 0 && input.value !== String(place)) input.value = place;
        output.textContent = this.shown(slider);
        input.setAttribute("aria-valuetext", this.shown(slider));
      }
      label.classList.toggle("off", Boolean(slider.idle));
      label.title = idle.textContent = slider.idle;
    }
  }

  // Looking

  listenHeat(canvas, picture, side) {
    canvas.tabIndex = 0;
    canvas.onpointermove = (event) => this.look(picture.under(event));
    canvas.onpointerleave = () => this.look(null);
    canvas.onclick = (event) => {
      const cell = picture.under(event);
      if (cell && side.data.acts !== "biases") this.choose(cell.column);
      this.held = cell;
      this.look(cell);
    };
    canvas.onkeydown = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const by = KEYS[event.key], [rows, columns] = picture.matrix.total, { row, column } = this.cell;
      if (by) this.look(this.held = { row: clamp(row + by[0], 0, rows - 1), column: clamp(column + by[1], 0, columns - 1) });
      else if (event.key === "Enter" && side.data.acts !== "biases") this.choose(column);
      else return;
      event.preventDefault();
    };
  }

  listenPlot(canvas, picture, name, side) {
    canvas.onpointermove = (event) => {
      const at = picture.under(event);
      if (name !== "curves") this.distance = at;
      else if (side.data.acts !== "biases" && at !== null) this.look({ row: at, column: this.cell.column });
      if (name !== "curves") this.show();
    };
    canvas.onpointerleave = () => {
      this.distance = null;
      this.look(null);
    };
  }

  /** null: back to the cell that was clicked last. */
  look(cell) {
    this.cell = cell ?? this.rest();
    this.show();
  }

  rest() {
    const held = this.held ?? { row: this.value("position"), column: this.dims[1] ?? this.dims[0] ?? 0 };
    return { row: Math.min(held.row, this.header.rows - 1), column: held.column };
  }

  /** A click on a column shows or hides its curve; the first of too many goes. */
  choose(dimension) {
    const without = this.dims.filter((each) => each !== dimension);
    const chosen = without.length < this.dims.length ? without : [...without, dimension].slice(-this.header.most);
    if (!chosen.length) return;
    this.dims = chosen.sort((a, b) => a - b);
    this.unsent.add("dims");
    this.show();
    this.move(true);
  }

  // Drawing

  /** All that depends on the numbers. The browser is asked for widths only where they may have changed: it would lay out the page anew. */
  draw(resized = false) {
    const { root, header, arrays } = this;
    if (resized || !this.cellWidth) this.measure();
    if (!header || !this.cellWidth) return;
    const canvas = root.querySelector("canvas");
    this.dressed = dress(root, canvas, header.looks);
    root.style.setProperty("--accent", this.dressed.accent);
    this.sides.forEach((side, index) => side.update(header.sides[index], arrays, header, this.dressed, this));
    root.dataset.turn = header.turn;  // for the browser tests and the benchmark
    this.look(null);
  }

  measure() {
    this.width = this.root.clientWidth;
    this.narrow = this.width < NARROW;
    this.root.classList.toggle("narrow", this.narrow);
    this.cellWidth = this.root.querySelector("figure")?.clientWidth;
  }

  show() {
    this.cell ??= this.rest();
    for (const side of this.sides) side.show();
    if (this.root.getRootNode().activeElement?.tagName !== "CANVAS") return;  // told to those who move by keys, not while a slider moves
    const told = this.sides.filter(({ ready, matrix }) => ready && matrix).map((side) => `${side.data.title}: ${side.worked(this.cell)}`);
    this.root.querySelector(".told").textContent = told.join(". ");
  }
}

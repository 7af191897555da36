// The wall of heads: one thumbnail per layer (row) and head (column), a ring round the chosen one, and one head enlarged under
// the pointer. Two kinds of mount run this module: a carrier, whose data is the packed weights, and the wall itself, whose data
// is a small dict; they meet here by the weights' digest. The thumbnails are painted once per pattern, size and theme.

const carriers = new Map();  // parentElement → pattern, of the carriers on the page
const walls = new Map();     // parentElement → Wall

const FLOATING = 216, DOCKED = [240, 380], TALLEST = 680, WIDEST = 112;  // CSS pixels

export default function ({ data, parentElement, setTriggerValue }) {
  if (ArrayBuffer.isView(data)) {
    carriers.set(parentElement, decode(data));
    for (const wall of walls.values()) wall.draw();
    return () => carriers.delete(parentElement);
  }
  if (!walls.has(parentElement)) walls.set(parentElement, new Wall(parentElement.querySelector(".wall")));
  const wall = walls.get(parentElement);
  wall.update(data, setTriggerValue);
  return () => { wall.close(); walls.delete(parentElement); };
}

/** The bytes of wall.py's pack(): shape, digest, weights. */
function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [, nHeads, nQueries, nKeys] = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  const digest = Array.from(bytes.subarray(16, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { nHeads, nQueries, nKeys, digest, weights: bytes.subarray(32) };
}

const fill = (template, layer, head) => template.replace("{layer}", layer).replace("{head}", head).trim();
const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const add = (parent, tag, name, text) => {
  const node = parent.appendChild(document.createElement(tag));
  node.className = name;
  node.textContent = text;
  return node;
};

/** 256 pixels (little-endian RGBA) between evenly spaced "#rrggbb" stops. */
function palette(stops) {
  const ends = stops.map(rgb);
  return Uint32Array.from({ length: 256 }, (_, weight) => {
    const place = weight / 255 * (stops.length - 1), lower = Math.min(Math.floor(place), stops.length - 2);
    const [red, green, blue] = ends[lower].map((low, i) => Math.round(low + (ends[lower + 1][i] - low) * (place - lower)));
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
  });
}

/** Which of n cells each of `pixels` pixels shows: [first, past the last]. */
const blocks = (n, pixels) => Array.from({ length: pixels }, (_, i) => n > pixels
  ? [Math.floor(i * n / pixels), Math.ceil((i + 1) * n / pixels)]
  : [Math.floor((i + 0.5) * n / pixels), Math.floor((i + 0.5) * n / pixels) + 1]);

/** One head as an image; where a pixel holds several cells the strongest wins, so that thin lines survive. */
function paint(image, left, top, width, height, pattern, layer, head, colours) {
  const { nHeads, nQueries, nKeys, weights } = pattern, rows = blocks(nQueries, height), columns = blocks(nKeys, width);
  const pixels = new Uint32Array(image.data.buffer), origin = (layer * nHeads + head) * nQueries * nKeys;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    let strongest = 0;
    for (let query = rows[y][0]; query < rows[y][1]; query++) for (let key = columns[x][0]; key < columns[x][1]; key++) {
      const weight = weights[origin + query * nKeys + key];
      if (weight > strongest) strongest = weight;
    }
    pixels[(top + y) * image.width + left + x] = colours[strongest];
  }
}

class Wall {
  constructor(root) {
    this.root = root;
    [this.canvas, this.zoom] = root.querySelectorAll("canvas");
    this.preview = root.querySelector(".preview");
    this.unanswered = [];  // choices that Python has not answered yet
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(root);
    this.canvas.onpointermove = (event) => event.pointerType !== "touch" && this.hover(this.at(event));
    this.canvas.onpointerleave = (event) => event.pointerType !== "touch" && this.hover(null);
    this.canvas.onclick = (event) => this.click(this.at(event), event.pointerType === "touch");
    this.canvas.onkeydown = (event) => this.press(event);
    this.canvas.onblur = () => this.hover(null);
    this.zoom.onpointermove = (event) => this.hover({ ...this.shown(), ...this.cell(event, this.zoom) });
    this.zoom.onpointerleave = () => this.hover(null);
    this.scrolled = () => this.place && !this.docked && this.hover(null);
    window.addEventListener("scroll", this.scrolled, true);
  }

  close() {
    this.watcher.disconnect();
    window.removeEventListener("scroll", this.scrolled, true);
    clearTimeout(this.timer);
  }

  update(data, setTriggerValue) {
    this.data = data;
    this.send = (choice) => setTriggerValue("selected", choice);
    // An answer to an older click must not pull the ring back from a newer one.
    const answered = this.unanswered.indexOf(data.selected.join("."));
    if (answered >= 0) this.unanswered.splice(0, answered + 1);
    else if (this.before !== data.selected.join(".")) this.unanswered = [];
    if (!this.unanswered.length) this.selected = data.selected;
    this.before = data.selected.join(".");
    this.canvas.setAttribute("aria-label", `${data.words.label}. ${fill(data.words.chosen, ...this.selected)}`);
    this.draw();
  }

  /** Geometry in device pixels, so that every edge is sharp; also read by at(). */
  layOut() {
    const { shape: [nLayers, nHeads, nQueries, nKeys], words } = this.data, scale = window.devicePixelRatio || 1;
    const width = this.root.clientWidth, ctx = this.canvas.getContext("2d"), tall = clamp(nQueries / nKeys, 0.5, 2);
    ctx.font = `${12 * scale}px ${this.style("--st-font")}`;
    const measure = (text) => ctx.measureText(text).width;
    const roomy = width >= 480, last = nLayers - 1;
    const gutter = Math.ceil(measure(roomy ? fill(words.layer, last) : String(last)) + 10 * scale);
    const pitch = Math.floor(Math.min((width * scale - gutter) / nHeads, Math.max(TALLEST / nLayers / tall, 24) * scale, WIDEST * scale));
    const gap = Math.max(1, Math.round(clamp(pitch * 0.1, scale, 8 * scale)));
    const snap = (size, n) => { const whole = Math.floor(size / n) * n; return whole >= size * 0.85 ? whole : size; };
    const thumb = [snap(pitch - gap, nKeys), snap(Math.round((pitch - gap) * tall), nQueries)];
    const step = [Math.min(thumb[0] + gap, pitch), thumb[1] + gap];
    const named = measure(fill(words.head, "", nHeads - 1)) < step[0] - 4 * scale;
    const top = Math.round((named && roomy ? 22 : 40) * scale), height = top + step[1] * nLayers + 2 * scale;
    const free = width - (gutter + step[0] * nHeads) / scale - 56, side = Math.min(free, height / scale - 76, DOCKED[1]);
    Object.assign(this, { scale, gutter, thumb, step, named, roomy, top, docked: side >= DOCKED[0], size: [Math.round(width * scale), Math.ceil(height)] });
    this.side = this.docked ? Math.floor(side) : Math.min(FLOATING, document.documentElement.clientWidth - 60);
  }

  style(name) { return getComputedStyle(this.root).getPropertyValue(name).trim(); }

  /** Reads the theme: paper, ink, and the attention scale that suits the paper. */
  dress() {
    const ctx = this.canvas.getContext("2d");
    ctx.fillStyle = this.style("--st-background-color") || "#ffffff";  // any CSS colour comes back as #rrggbb
    const [red, green, blue] = rgb(ctx.fillStyle), dark = red * 0.299 + green * 0.587 + blue * 0.114 < 128;
    this.colours = palette(this.data.scales[dark ? "dark" : "light"]);
    this.ink = { text: this.style("--st-text-color"), line: this.style("--st-border-color"), ring: this.style("--st-primary-color"), dark };
  }

  /** Paints the thumbnails, unless the same ones are there. */
  paintHeads() {
    const pattern = [...carriers.values()].find((each) => each.digest === this.data.digest);
    const name = [this.data.digest, this.ink.dark, this.size, this.thumb, this.step].join();
    if (!pattern || this.painted === name) return;
    const started = performance.now(), { shape: [nLayers, nHeads] } = this.data, [width, height] = this.thumb;
    this.picture = Object.assign(document.createElement("canvas"), { width: this.step[0] * nHeads, height: this.step[1] * nLayers });
    const ctx = this.picture.getContext("2d"), image = ctx.createImageData(this.picture.width, this.picture.height);
    for (let layer = 0; layer < nLayers; layer++) for (let head = 0; head < nHeads; head++) {
      paint(image, head * this.step[0], layer * this.step[1], width, height, pattern, layer, head, this.colours);
    }
    ctx.putImageData(image, 0, 0);
    Object.assign(this, { pattern, painted: name });
    this.canvas.dataset.paintedMs = (performance.now() - started).toFixed(1);
    this.canvas.dataset.paints = Number(this.canvas.dataset.paints || 0) + 1;
  }

  draw() {
    if (!this.data || !this.root.clientWidth) return;
    this.layOut();
    this.dress();
    const [width, height] = this.size;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    Object.assign(this.canvas.style, { width: `${width / this.scale}px`, height: `${height / this.scale}px` });
    this.paintHeads();
    this.compose();
    this.magnify();
  }

  /** Labels, thumbnails, outlines and rings on the one canvas. */
  compose() {
    const ctx = this.canvas.getContext("2d"), { shape: [nLayers, nHeads] } = this.data, { gutter, top, step, thumb, scale } = this;
    ctx.clearRect(0, 0, ...this.size);
    this.label(ctx);
    if (this.picture) ctx.drawImage(this.picture, gutter, top);
    const frame = (layer, head, colour, thick, out) => {
      Object.assign(ctx, { strokeStyle: colour, lineWidth: thick });
      const away = out + thick / 2;
      ctx.strokeRect(gutter + head * step[0] - away, top + layer * step[1] - away, thumb[0] + 2 * away, thumb[1] + 2 * away);
    };
    const line = Math.max(1, Math.round(scale));
    for (let layer = 0; layer < nLayers; layer++) for (let head = 0; head < nHeads; head++) frame(layer, head, this.ink.line, line, 0);
    if (this.place) { ctx.globalAlpha = 0.45; frame(this.place.layer, this.place.head, this.ink.text, 2 * line, 0); ctx.globalAlpha = 1; }
    frame(...this.selected, this.ink.ring, Math.round(2.5 * scale), 0);
  }

  label(ctx) {
    const { data: { shape: [nLayers, nHeads], words }, gutter, top, step, thumb, scale, named, roomy } = this;
    const write = (text, x, y, mine) => {
      ctx.fillStyle = mine ? this.ink.ring : this.ink.text;
      ctx.globalAlpha = mine ? 1 : 0.65;
      ctx.font = `${mine ? 600 : 400} ${12 * scale}px ${this.style("--st-font")}`;
      ctx.fillText(text, x, y);
      ctx.globalAlpha = 1;
    };
    const every = (size, need) => Math.max(1, Math.ceil(need / size));  // of many small thumbnails only some are labelled
    const widest = ctx.measureText(String(nHeads - 1)).width + 3 * scale, columns = named ? 1 : every(step[0], widest);
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    const titles = [!roomy && `${fill(words.layer, "")} ↓`, !(named && roomy) && `${fill(words.head, "", "")} →`].filter(Boolean).join("    ");
    write(titles, roomy ? gutter : 0, 12 * scale, false);
    ctx.textAlign = "center";
    for (let head = 0; head < nHeads; head++) {
      const mine = head === this.selected[1];
      if (head % columns && !mine || !mine && columns > 1 && Math.abs(head - this.selected[1]) < columns) continue;
      write(named && roomy ? fill(words.head, "", head) : String(head), gutter + head * step[0] + thumb[0] / 2, top - 8 * scale, mine);
    }
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (let layer = 0; layer < nLayers; layer++) {
      write(roomy ? fill(words.layer, layer) : String(layer), gutter - 8 * scale, top + layer * step[1] + thumb[1] / 2, layer === this.selected[0]);
    }
  }

  /** The head and cell under a pointer event, or null. */
  at(event) {
    const { shape: [nLayers, nHeads] } = this.data, x = event.offsetX * this.scale - this.gutter, y = event.offsetY * this.scale - this.top;
    const head = Math.floor(x / this.step[0]), layer = Math.floor(y / this.step[1]);
    if (head < 0 || layer < 0 || head >= nHeads || layer >= nLayers) return null;
    return { layer, head, ...this.index((x - head * this.step[0]) / this.thumb[0], (y - layer * this.step[1]) / this.thumb[1]) };
  }

  cell(event, canvas) { return this.index(event.offsetX / canvas.clientWidth, event.offsetY / canvas.clientHeight); }

  index(x, y) {
    const { shape: [, , nQueries, nKeys] } = this.data;
    return { query: clamp(Math.floor(y * nQueries), 0, nQueries - 1), key: clamp(Math.floor(x * nKeys), 0, nKeys - 1) };
  }

  /** What the preview shows: the head under the pointer; docked and at rest, the chosen one. */
  shown() { return this.place ?? { layer: this.selected[0], head: this.selected[1] }; }

  hover(place) {
    if (JSON.stringify(place) === JSON.stringify(this.place ?? null)) return;
    this.place = place;
    this.compose();
    this.magnify();
  }

  magnify() {
    const open = this.pattern && (this.docked || this.place);
    this.preview.className = `preview ${this.docked ? "docked" : open ? "floating" : ""}`;
    this.lift(open && !this.docked);
    if (!open) return;
    const { shape: [, , nQueries, nKeys], words } = this.data, { layer, head, query, key } = this.shown();
    const tall = clamp(nQueries / nKeys, 0.5, 1), wide = Math.min(1, nKeys / nQueries * 2);
    const width = Math.round(this.side * wide * this.scale), height = Math.round(this.side * tall * this.scale);
    const name = [this.painted, layer, head, width, height].join();
    if (this.enlarged?.name !== name) {
      const image = new ImageData(width, height);
      paint(image, 0, 0, width, height, this.pattern, layer, head, this.colours);
      this.enlarged = { name, image };
    }
    if (this.zoom.width !== width || this.zoom.height !== height) Object.assign(this.zoom, { width, height });
    Object.assign(this.zoom.style, { width: `${width / this.scale}px`, height: `${height / this.scale}px`, marginLeft: "18px" });
    const ctx = this.zoom.getContext("2d");
    ctx.putImageData(this.enlarged.image, 0, 0);
    if (query !== undefined) this.mark(ctx, query, key);
    this.caption(words, layer, head, query, key);
    this.put();
  }

  /** Frames the cell that the caption names, in the colours of query (its row) and key (its column). */
  mark(ctx, query, key) {
    const { shape: [, , nQueries, nKeys], colours } = this.data, { width, height } = this.zoom, line = Math.max(1, Math.round(this.scale));
    const [left, right] = [key, key + 1].map((i) => Math.round(i * width / nKeys)), [top, bottom] = [query, query + 1].map((i) => Math.round(i * height / nQueries));
    ctx.fillStyle = colours.query;
    ctx.fillRect(0, top - line, width, line); ctx.fillRect(0, bottom, width, line);
    ctx.fillStyle = colours.key;
    ctx.fillRect(left - line, 0, line, height); ctx.fillRect(right, 0, line, height);
  }

  caption(words, layer, head, query, key) {
    this.preview.querySelector(".key").textContent = `${words.key} →`;
    const axis = this.preview.querySelector(".query");
    axis.textContent = `← ${words.query}`;
    axis.style.height = this.zoom.style.height;
    const box = this.preview.querySelector("figcaption");
    box.replaceChildren();
    box.style.width = `${parseFloat(this.zoom.style.width) + 18}px`;
    add(box, "div", "place", fill(words.pair, layer, head));
    if (query === undefined) return;
    const line = add(box, "div", "cell", ""), weight = this.pattern.weights[((layer * this.pattern.nHeads + head) * this.pattern.nQueries + query) * this.pattern.nKeys + key];
    add(line, "bdi", "", this.data.queries[query] ?? "").style.borderColor = this.data.colours.query;
    add(line, "span", "", "→");
    add(line, "bdi", "", this.data.keys[key] ?? "").style.borderColor = this.data.colours.key;
    add(line, "span", "weight", `≈ ${Math.round(weight / 2.55)} %`);  // ≈: a byte holds the weight to within 0.2 %
  }

  /** Docked: right of the wall. Floating: beside the thumbnail, inside the window. */
  put() {
    const style = this.preview.style;
    if (this.docked) return Object.assign(style, { left: `${(this.gutter + this.step[0] * this.data.shape[1]) / this.scale + 28}px`, top: `${this.top / this.scale - 20}px` });
    const wall = this.canvas.getBoundingClientRect(), box = this.preview.getBoundingClientRect(), { clientWidth, clientHeight } = document.documentElement;
    const edge = (i, n) => [this.gutter, this.top][i] / this.scale + n * this.step[i] / this.scale, { layer, head } = this.place;
    const right = wall.left + edge(0, head + 1) + 8, left = wall.left + edge(0, head) - 12 - box.width;
    const beside = right + box.width < clientWidth - 8 ? right : left > 8 ? left : null;
    const below = wall.top + edge(1, layer + 1) + 8, above = wall.top + edge(1, layer) - 12 - box.height;
    const y = beside !== null ? wall.top + edge(1, layer) - 24 : below + box.height < clientHeight - 8 ? below : above;
    const x = beside ?? wall.left + edge(0, head + 0.5) - box.width / 2;
    Object.assign(style, { left: `${clamp(x, 8, clientWidth - box.width - 8)}px`, top: `${clamp(y, 8, Math.max(8, clientHeight - box.height - 8))}px` });
  }

  /** In and out of the browser's top layer, where no ancestor clips. */
  lift(up) {
    if (!this.preview.showPopover || up === this.preview.matches(":popover-open")) return;
    if (up) { this.preview.popover = "manual"; this.preview.showPopover(); } else { this.preview.popover = null; }
  }

  click(place, touched) {
    if (!place) return this.hover(null);
    this.choose(place.layer, place.head, 0);
    if (touched) this.hover(place);
  }

  press(event) {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [layer, head] = this.selected.map((index, axis) => clamp(index + by[axis], 0, this.data.shape[axis] - 1));
    this.choose(layer, head, 150);  // a held key tells Python once, at its end
  }

  choose(layer, head, delay) {
    if (layer === this.selected[0] && head === this.selected[1]) return;
    this.selected = [layer, head];
    const choice = this.selected.join(".");
    this.root.querySelector(".told").textContent = fill(this.data.words.chosen, layer, head);
    this.compose();
    this.magnify();
    clearTimeout(this.timer);
    this.unanswered = this.unanswered.filter((each) => each !== this.waiting);
    this.waiting = choice;
    this.unanswered.push(choice);
    this.timer = setTimeout(() => { this.waiting = null; this.send(choice); }, delay);
  }
}

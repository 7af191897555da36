// The beam tree's picture: geometry (columns as wide as their words), then edges, nodes and words on a canvas. No events here.
// beam_tree.py joins this file before beam_tree.js: one module. A unit is a CSS pixel; `view` is {z: zoom, x, y: what is scrolled away}.

const WORD = 12, SMALL = 10, LETTERS = 12;         // sizes of type; the longest word drawn, in letters
const EDGE = 38, MARGIN = 14, AXIS = 24;           // least length of an edge at zoom 1; space at the left and right; below
const DOT = 4, FLAG = 4.5, TWIG = 3.5;               // half sizes of the three shapes

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
const short = (text, letters) => ([...text].length > letters ? `${[...text].slice(0, letters - 1).join("")}…` : text);

class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d");
    this.measured = new Map();  // word → its width at size WORD
  }

  /** all nodes by step; fills in each one's word and width, and where the columns stand at zoom 1. */
  take(nodes, look, height, rows) {
    Object.assign(this, { look, height });
    const widest = [];
    this.ctx.font = `500 ${WORD}px ${look.mono}`;
    for (const node of nodes) {
      node.word = short(node.fate === "finished" && node.special ? "" : node.label, LETTERS);
      node.width = this.measure(node.word);
      if (node.fate !== "pruned") widest[node.step] = Math.max(widest[node.step] ?? 0, node.width);
    }
    this.columns = [0];
    this.words = widest;
    widest.forEach((width, step) => { this.columns[step + 1] = this.columns[step] + width + EDGE; });
    // an ended one may stand half a row above the first row, and twigs hang below the last
    this.row = Math.min((height - AXIS - 12) / (rows + 0.1), 72);
    this.above = 10 + this.row / 2 + (height - AXIS - 12 - this.row * (rows + 0.1)) / 2;
    this.long = this.end(widest.length - 1);
  }

  /** How far the tree reaches at zoom 1 after a step. */
  end(step) { return this.columns[step] + this.words[step] + 16; }

  measure(word) {
    if (!this.measured.has(word)) this.measured.set(word, this.ctx.measureText(word).width);
    return this.measured.get(word);
  }

  /** Where a node stands in the box. */
  at({ x, y }, view) {
    const step = Math.floor(x), from = this.columns[step], to = this.columns[step + 1] ?? from;
    return [MARGIN + (from + (to - from) * (x - step)) * view.z - view.x, this.above + y * this.row * Math.max(1, view.z) - view.y];
  }

  /** Size of the type, and the width of a column's words, at this zoom. */
  type(view) { return WORD * clamp(view.z, 0.88, 1.3); }
  room(step, view) { return (this.columns[step + 1] - this.columns[step]) * view.z - 20; }

  /** A node's word as drawn: shortened to its room, or "" where there is none. */
  said(node, view) {
    const size = this.type(view), room = this.room(node.step, view), width = node.width * size / WORD;
    if (!node.word || this.row < 12 || room < 12) return ["", 0];
    if (width <= room + 4) return [node.word, width];
    const letters = Math.floor(room / width * [...node.word].length);
    return letters < 3 ? ["", 0] : [short(node.word, letters), room];
  }

  draw(nodes, view, width, state) {
    const { ctx, canvas, height } = this, scale = window.devicePixelRatio || 1;
    const pixels = [width, height].map((side) => Math.round(side * scale));
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    for (const node of nodes) [node.px, node.py] = this.at(node, view);
    const seen = nodes.filter((node) => node.px > -200 && (node.up?.px ?? 0) < width + 20);
    for (const node of seen) [node.text, node.end] = node.fate === "pruned" ? ["", 0] : this.said(node, view);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, 0, width, height - AXIS);
    ctx.clip();
    this.edges(seen, view, state);
    this.shapes(seen, view, state);
    this.letter(seen, view, state);
    ctx.restore();
    this.axis(view, width, state.step);
  }

  /** One stroke for all edges of a kind and width. A kind drawn later lies above. */
  edges(seen, view, { best, path, hovered, greedy }) {
    const kinds = { twig: new Map(), past: new Map(), live: new Map(), best: new Map(), hovered: new Map(), path: new Map() };
    const thick = Math.min(6, this.row * Math.max(1, view.z) * 0.3) * clamp(view.z, 0.6, 1);
    for (const node of seen) {
      if (!node.up) continue;
      const own = node.fate === "pruned" ? "twig" : best.has(node.id) ? "best" : node.live ? "live" : "past";
      const kind = path.has(node.id) ? "path" : hovered.has(node.id) ? "hovered" : own, step = Math.round(1 + node.share * thick * 2) / 2;
      const size = own === "twig" ? 1 : Math.max(step, 1);
      if (!kinds[kind].has(size)) kinds[kind].set(size, new Path2D());
      this.edge(kinds[kind].get(size), node, view);
    }
    const { look } = this, ink = { twig: [look.faint, 0.45], past: [look.past, 0.8], hovered: [look.text, 0.75], path: [look.chosen, 1] };
    for (const [kind, sizes] of Object.entries(kinds)) {
      [this.ctx.strokeStyle, this.ctx.globalAlpha] = ink[kind] ?? [look[kind], 1];
      for (const [size, path] of sizes) {
        this.ctx.lineWidth = kind === "path" ? Math.max(size, 2) : size;
        this.ctx.stroke(path);
      }
    }
    this.ctx.globalAlpha = 1;
    this.dots(seen.filter((node) => greedy.has(node.id)), view);
  }

  /** What greedy decoding writes: a dotted line below edges and words. */
  dots(nodes, view) {
    const { ctx, look } = this, path = new Path2D(), low = Math.min(9, this.row * Math.max(1, view.z) * 0.3);
    for (const node of nodes) {
      this.edge(path, node, view);
      path.moveTo(node.px, node.py);
      path.lineTo(node.px + (node.text ? node.end + 8 : 0), node.py);
    }
    ctx.save();
    ctx.translate(0, low);
    ctx.setLineDash([0.1, 4.5]);
    Object.assign(ctx, { strokeStyle: look.text, lineWidth: 2.2, lineCap: "round" });
    ctx.stroke(path);
    ctx.restore();
  }

  /** Level from the parent's word, past the longer ones below it, then a bow to the node. A twig hangs from its parent's dot. */
  edge(path, node, view) {
    const { up, px, py } = node;
    path.moveTo(up.px, up.py);
    if (node.fate === "pruned") return path.quadraticCurveTo(up.px, py, px, py);
    const column = Math.min(this.words[up.step] * view.z, this.room(up.step, view));
    const from = Math.min(px, up.px + (up.text ? up.end + 12 : 0));
    const far = column > 12 && Math.abs(py - up.py) > this.row * Math.max(1, view.z) * 1.1;
    const bend = far ? Math.min(px - 12, Math.max(from, up.px + column + 8)) : from;
    const middle = (bend + px) / 2;
    path.moveTo(from, up.py);
    path.lineTo(bend, up.py);
    path.bezierCurveTo(middle, up.py, middle, py, px, py);
  }

  /** One stroke for all shapes of a kind and colour; those on the chosen path lie above. */
  shapes(seen, view, { best, path, hover, chosen }) {
    const { look } = this, size = clamp(view.z, 0.55, 1.15), r = (DOT + 0.75) * size;
    const twigs = new Path2D(), dots = new Map([look.past, look.live, look.best, look.chosen].map((colour) => [colour, new Path2D()]));
    for (const node of seen) {
      const { id, px, py, fate } = node;
      if (fate === "pruned") this.diamond(twigs, px, py, TWIG * size);
      if (fate !== "kept") continue;
      const dot = dots.get(path.has(id) ? look.chosen : best.has(id) ? look.best : node.live ? look.live : look.past);
      dot.moveTo(px + r, py);
      dot.arc(px, py, r, 0, 7);
    }
    this.ink(twigs, look.paper, look.faint, 1.2);
    for (const [colour, dot] of dots) this.ink(dot, colour, look.paper, 1.5 * size);  // stands out on its own edge
    for (const { px, py, fate } of seen) {
      if (fate === "finished") this.flag(px, py, FLAG * size);
      else if (fate === "root") this.ring(px, py, DOT * size, look.text, 1.3, look.paper);
    }
    const around = { finished: 12, pruned: 6.5 };
    for (const [node, colour] of [[hover, look.text], [chosen, look.chosen]]) {
      if (node) this.ring(node.px, node.py, around[node.fate] ?? 8, colour, 2, "transparent");
    }
  }

  ink(path, fill, line, width) {
    const { ctx } = this;
    Object.assign(ctx, { fillStyle: fill, strokeStyle: line, lineWidth: width });
    ctx.fill(path);
    ctx.stroke(path);
  }

  ring(x, y, r, line, width, fill) {
    const path = new Path2D();
    path.arc(x, y, r, 0, 7);
    this.ink(path, fill, line, width);
  }

  diamond(path, x, y, r) {
    path.moveTo(x - r, y);
    for (const [right, down] of [[0, -r], [r, 0], [0, r]]) path.lineTo(x + right, y + down);
    path.closePath();
  }

  flag(x, y, r) {
    const { ctx, look } = this, far = r + 2.6, box = new Path2D();
    box.rect(x - far, y - far, 2 * far, 2 * far);
    this.ink(box, look.paper, look.finished, 1.3);
    ctx.fillStyle = look.finished;
    ctx.fillRect(x - r + 0.6, y - r + 0.6, 2 * r - 1.2, 2 * r - 1.2);
  }

  letter(seen, view, { best, path }) {
    const { ctx, look } = this, size = this.type(view), twigs = this.row * Math.max(1, view.z) * 0.2 >= SMALL && view.z > 0.7;
    Object.assign(ctx, { textBaseline: "middle", textAlign: "left", fillStyle: look.text });
    for (const node of seen) {
      if (!node.text) continue;
      ctx.font = `${path.has(node.id) || best.has(node.id) ? 600 : 400} ${size}px ${look.mono}`;
      ctx.globalAlpha = node.live || path.has(node.id) ? 1 : 0.6;
      ctx.fillText(node.text, node.px + (node.fate === "finished" ? 11 : 7), node.py + 0.5);
    }
    Object.assign(ctx, { font: `400 ${SMALL}px ${look.mono}`, lineWidth: 3, strokeStyle: look.paper, lineJoin: "round" });
    for (const node of seen) {
      if (node.fate !== "pruned" || !(twigs || node.more && view.z > 0.6)) continue;
      const letters = Math.floor((this.room(node.step - 1, view) + 6) / (SMALL * 0.6));
      const text = `${twigs ? short(node.label, Math.max(letters, 4)) : ""}${node.more ? ` +${node.more}` : ""}`;
      ctx.globalAlpha = 1;
      ctx.strokeText(text, node.px + 6, node.py + 0.5);
      ctx.globalAlpha = 0.65;
      ctx.fillText(text, node.px + 6, node.py + 0.5);
    }
    ctx.globalAlpha = 1;
  }

  /** The number of each token below its column, as many as there is room for; and how much of the tree is in view. */
  axis(view, width, now) {
    const { ctx, look, height, columns, words } = this, low = height - AXIS / 2 + 1;
    Object.assign(ctx, { font: `400 11px ${look.font}`, fillStyle: look.faint, textBaseline: "middle", textAlign: "left" });
    ctx.fillText(look.words.axis, MARGIN - DOT - view.x, low);
    const free = MARGIN - DOT - view.x + ctx.measureText(look.words.axis).width + 10;
    ctx.textAlign = "center";
    const every = [1, 2, 5, 10, 20].find((n) => this.long * view.z * n / words.length >= 24) ?? 50;
    for (let step = every; step < words.length; step += every) {
      const x = MARGIN + columns[step] * view.z - view.x;
      if (x < free || x >= width) continue;
      ctx.globalAlpha = step > now ? 0.4 : 1;  // not taken yet, in a replay
      ctx.fillText(String(step), x, low);
    }
    ctx.globalAlpha = 1;
    const whole = this.long * view.z + 2 * MARGIN;
    if (whole <= width + 1) return;
    ctx.globalAlpha = 0.4;
    ctx.fillRect(view.x / whole * width, height - 3, width / whole * width, 3);
    ctx.globalAlpha = 1;
  }
}

/** What is known of a node, beside it, in the browser's top layer. */
class Card {
  constructor(box) { this.box = box; }

  show(node, { look: { words }, counts, beams, canvas } = { look: {} }) {
    if (this.box.showPopover && Boolean(node) !== (this.box.popover === "manual")) {
      this.box.popover = node ? "manual" : null;
      if (node) this.box.showPopover();
    }
    this.box.classList.toggle("open", Boolean(node));
    if (!node || !words) return;
    const fill = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
    const exact = (value) => value.toFixed(4).replace("-", "−"), places = { rank: node.rank + 1, count: counts[node.step - 1], beams };
    const head = this.add(this.box, "div", `head ${node.fate}`), list = document.createElement("dl");
    this.box.replaceChildren(head, list);
    this.add(head, "bdi", "token", node.label);
    this.add(head, "span", "fate", words[node.fate]);
    const facts = {
      probability: `${(node.share * 100).toFixed(2)} %`,
      log_prob: exact(node.logProb), cumulative: exact(node.cumulative), score: exact(node.score),
      rank: fill(words.of, places),
    };
    for (const [name, value] of Object.entries(facts)) {
      this.add(list, "dt", "", words[name]);
      this.add(list, "dd", "", value);
    }
    if (node.fate === "pruned") {
      const late = node.behind < 0;
      this.add(this.box, "p", "", fill(late ? words.ends_late : words.behind, { ...places, nats: late ? "" : node.behind.toFixed(2) }));
    }
    this.place(node, canvas.getBoundingClientRect());
  }

  spoken() { return [...this.box.querySelectorAll("bdi, .fate, dt, dd, p")].map((each) => each.textContent).join(" "); }

  /** Above the node or below it, inside the window. */
  place({ px, py }, canvas) {
    const { width, height } = this.box.getBoundingClientRect(), page = document.documentElement, far = 16;
    const x = clamp(canvas.left + px - 24, 8, page.clientWidth - width - 8), above = canvas.top + py - height - far;
    const y = above > 8 ? above : Math.min(canvas.top + py + far, page.clientHeight - height - 8);
    Object.assign(this.box.style, { left: `${x}px`, top: `${y}px` });
  }

  add(parent, tag, name, text = "") {
    const node = parent.appendChild(document.createElement(tag));
    node.className = name;
    node.textContent = text;
    return node;
  }
}

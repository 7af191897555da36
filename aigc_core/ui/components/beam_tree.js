// The beam tree: a search as it grows, left to right. Two kinds of mount run this module: the tree, and carriers, which bring it its
// nodes (beam_tree_nodes.js). The picture is painted by beam_tree_paint.js, replayed by beam_tree_replay.js; here is what the reader does
// with it.

const trees = new Map();     // name → Tree
const READABLE = 0.72, NEAREST = 2.5;  // zoom: the least at which most words fit; the most

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.carries) return carry(data, () => trees.get(data.carries)?.draw());
  return mount(data, parentElement, setTriggerValue);
}

function mount(data, parentElement, send) {
  let tree = trees.get(data.name);
  if (tree?.parent !== parentElement) {
    tree?.close();
    trees.set(data.name, tree = new Tree(parentElement));
  }
  if (data.selected !== tree.data?.selected) {  // not when an older run answers what it was asked
    tree.unseen = data.selected !== tree.selected;  // chosen elsewhere: it comes into view with its nodes
    tree.selected = data.selected;
  }
  if (data.step !== tree.data?.step && !tree.replay.timer) tree.replay.at = data.step;
  Object.assign(tree, { data, send });
  tree.draw();
  return () => {
    tree.close();
    if (trees.get(data.name) === tree) trees.delete(data.name);
  };
}

class Tree {
  constructor(parent) {
    this.parent = parent;
    this.root = parent.querySelector(".tree");
    this.canvas = this.root.querySelector("canvas");
    this.picture = new Picture(this.canvas);
    this.card = new Card(this.root.querySelector(".card"));
    this.replay = new Replay(this.root, () => this.replayed(), (step) => this.send("step", step ?? -1));
    this.nodes = new Map();
    this.shown = [];  // of them, those that stand at the step shown
    this.twigs = true;
    this.view = { z: 1, x: 0, y: 0 };  // what is drawn; moves to `aim`
    this.aim = { z: 1, x: 0, y: 0 };
    this.fit = "edge";  // "edge": readable, at the growing edge; "whole": all in view; "free": as the reader left it
    this.pointers = new Map();
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.canvas.parentElement);
    this.scrolled = () => this.hover(null);
    window.addEventListener("scroll", this.scrolled, true);
    this.listen();
  }

  close() {
    this.watcher.disconnect();
    this.replay.halt();
    window.removeEventListener("scroll", this.scrolled, true);
    cancelAnimationFrame(this.frame);
    this.card.show(null);
  }

  listen() {
    const { canvas } = this, button = (name, act) => { this.root.querySelector(name).onclick = act; };
    button(".out", () => this.zoom(1 / 1.3));
    button(".in", () => this.zoom(1.3));
    button(".whole", () => this.reset());
    button(".prune", () => { this.twigs = !this.twigs; this.draw(); });
    canvas.ondblclick = () => this.reset();
    canvas.onpointerdown = (event) => this.press(event);
    canvas.onpointermove = (event) => this.move(event);
    canvas.onpointerup = canvas.onpointercancel = (event) => this.release(event);
    canvas.onpointerleave = (event) => { if (event.pointerType !== "touch") this.hover(null); };
    canvas.onblur = () => this.hover(null);
    canvas.onkeydown = (event) => this.key(event);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** Everything anew: words, colours, nodes that have come, then the picture. */
  draw() {
    const box = this.canvas.parentElement;
    if (!this.data || !box.clientWidth) return;
    const { words, height } = this.data;
    this.root.style.height = `${height}px`;
    this.dress(words);
    this.size = [box.clientWidth, box.clientHeight];
    if (!this.gather()) return;
    this.replay.take(this.counts.length, words);
    this.picture.take([...this.nodes.values()], this.look, this.size[1], this.rows);
    this.stand();
    const chosen = this.done && this.unseen && this.nodes.get(this.selected);
    if (chosen && chosen.step <= this.replay.step) this.reveal(chosen);
    else this.settle();
  }

  /** Brings a node's column into view where it is out of it. */
  reveal(node) {
    this.unseen = false;
    this.settle();
    const [left] = this.picture.at(node, this.aim);
    if (left >= 30 && left <= this.size[0] - 90) return;
    Object.assign(this, { fit: "free", following: false });
    this.aim.x += left - this.size[0] / 2;
    this.settle();
  }

  /** What is to be seen at the step shown. */
  stand() {
    const { step } = this.replay, asked = ({ id }) => id === this.selected || this.greedy.has(id);
    const drawn = (node) => this.twigs || node.fate !== "pruned" || asked(node);
    this.best = way(this.nodes.get(this.leads[step - 1]) ?? this.nodes.get(-1));
    this.shown = standing(this.nodes, step).filter(drawn);
  }

  /** Another step of the replay; its column comes into view. */
  replayed() {
    this.hover(null);
    this.stand();
    if (this.fit === "free") this.reveal({ x: this.replay.step, y: 0 });
    else this.settle();
  }

  dress(words) {
    const twigs = this.twigs ? words.hide : words.show;
    for (const [name, text] of Object.entries({ out: words.zoom_out, in: words.zoom_in, whole: words.whole, prune: twigs })) {
      const button = this.root.querySelector(`.${name}`);
      button.title = button.ariaLabel = text;
    }
    this.root.querySelector(".prune").ariaPressed = String(!this.twigs);
    for (const name of [...FATES, "best", "greedy", "width"]) this.root.querySelector(`.${name} span`).textContent = words[name];
    this.canvas.setAttribute("aria-label", words.label);
    const styles = getComputedStyle(this.root), read = (name) => styles.getPropertyValue(`--st-${name}`).trim();
    const { colour, dark } = paper(this.root), colours = this.data.colours[dark ? "dark" : "light"];
    for (const [name, hue] of Object.entries(colours)) this.root.style.setProperty(`--${name}`, hue);
    const fonts = { font: read("font"), mono: read("code-font") || "monospace" };
    this.look = { ...colours, ...fonts, paper: colour, text: read("text-color"), chosen: read("primary-color"), words };
  }

  /** What has been brought; false while there is nothing. */
  gather() {
    const tree = assemble(this.data.name, this.data.words.root);
    if (!tree) return this.nodes.size > 0;
    if (![...this.nodes.values()].every(({ id, label }) => tree.nodes.get(id)?.label === label)) this.begin();
    Object.assign(this, tree);
    return true;
  }

  /** Another search: the view starts anew. */
  begin() {
    Object.assign(this, { fit: "edge", view: { z: 1, x: 0, y: 0 }, hovered: null });
    this.replay.halt();
    this.replay.at = null;
    this.card.show(null);
  }

  whole() { return clamp((this.size[0] - 2 * MARGIN) / this.picture.long, 0.02, 1); }
  far(z) { return [Math.max(0, this.picture.long * z + 2 * MARGIN - this.size[0]), Math.max(0, (z - 1) * (this.size[1] - AXIS))]; }

  /** Where the view should be, then there, gently. */
  settle(atOnce = false) {
    const all = this.whole();
    if (this.fit === "edge") {
      const z = clamp(all, READABLE, 1);
      this.aim = { z, x: this.picture.end(this.replay.step) * z + 2 * MARGIN - this.size[0], y: 0 };
    }
    if (this.fit === "whole") this.aim = { z: all, x: 0, y: 0 };
    if (this.fit === "free" && this.following) this.aim.x = Infinity;
    const [right, below] = this.far(this.aim.z);
    this.aim.x = clamp(this.aim.x, 0, right);
    this.aim.y = clamp(this.aim.y, 0, below);
    if (atOnce || !this.painted || matchMedia("(prefers-reduced-motion: reduce)").matches) this.view = { ...this.aim };
    this.painted = true;
    cancelAnimationFrame(this.frame);
    this.paint(performance.now());
  }

  paint(now) {
    const began = performance.now(), { view, aim } = this, share = 1 - Math.exp(-Math.min(now - (this.last ?? now - 16), 50) / 60);
    const away = Math.abs(aim.x - view.x) + Math.abs(aim.y - view.y) + Math.abs(aim.z - view.z) * this.picture.long, near = away < 0.5;
    if (near) Object.assign(view, aim);
    else for (const name of ["x", "y", "z"]) view[name] += (aim[name] - view[name]) * share;
    const chosen = this.nodes.get(this.selected), hover = this.nodes.get(this.hovered), { step } = this.replay, { best, greedy } = this;
    const seen = chosen?.step <= step ? chosen : null;  // a replay may not have come to it yet
    this.picture.draw(this.shown, view, this.size[0], { best, greedy, step, path: way(chosen), hovered: way(hover), chosen: seen, hover });
    this.last = near ? undefined : now;
    if (!near) this.frame = requestAnimationFrame((time) => this.paint(time));
    if (hover && near) this.card.show(hover, this);
    const { dataset } = this.canvas;  // for the browser tests
    Object.assign(dataset, { paints: Number(dataset.paints ?? 0) + 1, ms: (performance.now() - began).toFixed(1) });
  }

  /** The view as the reader wants it; at the right end it goes on following the growing edge. */
  leave(aim) {
    this.fit = "free";
    this.following = false;
    Object.assign(this.aim, aim);
    this.settle(true);
    this.following = this.aim.x >= this.far(this.aim.z)[0] - 2;
    this.hover(null);
  }

  pan(x, y) { this.leave({ x: this.aim.x + x, y: this.aim.y + y }); }

  zoom(factor, [x, y] = [this.size[0] / 2, this.size[1] / 2]) {
    const { aim, picture } = this, z = clamp(aim.z * factor, this.whole(), NEAREST), tall = Math.max(1, z) / Math.max(1, aim.z);
    const top = y - picture.above;
    this.leave({ z, x: (x - MARGIN + aim.x) * z / aim.z + MARGIN - x, y: (top + aim.y) * tall - top });
  }

  /** All in view; from there back to where it can be read. */
  reset() {
    this.fit = this.fit === "whole" ? "edge" : "whole";
    this.hover(null);
    this.settle();
  }

  /** Ctrl or ⌘ and the wheel (a pinch on a touchpad is the same) zooms, sideways pans; all else scrolls the page. */
  wheel(event) {
    const { deltaX, deltaY, ctrlKey, metaKey, offsetX, offsetY } = event;
    if (ctrlKey || metaKey) this.zoom(Math.exp(-clamp(deltaY, -50, 50) / 130), [offsetX, offsetY]);
    else if (Math.abs(deltaX) > Math.abs(deltaY) && this.far(this.aim.z)[0]) this.pan(deltaX, 0);
    else return;
    event.preventDefault();
  }

  press(event) {
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.dragged = this.pointers.size > 1;
  }

  move(event) {
    const place = [event.offsetX, event.offsetY], { pointers } = this, old = pointers.get(event.pointerId);
    if (!old) return void (event.pointerType !== "touch" && this.hover(this.under(place, 12)?.id ?? null));
    const by = place.map((value, axis) => value - old[axis]);
    if (pointers.size === 2) {
      const [a, b] = pointers.values(), before = Math.hypot(a[0] - b[0], a[1] - b[1]);
      pointers.set(event.pointerId, place);
      const [c, d] = pointers.values(), after = Math.hypot(c[0] - d[0], c[1] - d[1]);
      return this.zoom(after / Math.max(before, 1), [(c[0] + d[0]) / 2, (c[1] + d[1]) / 2]);
    }
    const [right, below] = this.far(this.aim.z);
    if (!this.dragged && Math.hypot(...by) < 4) return;
    if (!this.dragged) this.canvas.setPointerCapture(event.pointerId);
    this.dragged = true;
    pointers.set(event.pointerId, place);
    if (right || below) this.pan(-by[0], -by[1]);
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId) || this.dragged || event.type === "pointercancel") return;
    const touch = event.pointerType === "touch", node = this.under([event.offsetX, event.offsetY], touch ? 22 : 12);
    if (touch) this.hover(node?.id ?? null);
    if (node) this.choose(node.id);
  }

  /** The node whose shape or word lies under a place, or the nearest within `reach`. */
  under([x, y], reach) {
    let found = null, least = reach;
    for (const node of this.shown) {
      const right = node.px + (node.end ? node.end + 10 : 0), far = Math.hypot(Math.max(node.px - x, x - right, 0), y - node.py);
      if (far < least && node.fate !== "root") [found, least] = [node, far];
    }
    return found;
  }

  /** The picture follows with the next frame, however many places the pointer has passed by then; `atOnce` for who reads the card. */
  hover(id, atOnce = false) {
    if (id === (this.hovered ?? null)) return;
    this.hovered = id;
    const node = this.nodes.get(id);
    this.canvas.style.cursor = node ? "pointer" : "";
    this.card.show(null);
    if (!this.painted) return;
    cancelAnimationFrame(this.frame);
    if (atOnce) this.paint(performance.now());
    else this.frame = requestAnimationFrame((time) => this.paint(time));
  }

  choose(id) {
    this.selected = id;  // at once; Python answers with the same
    this.paint(performance.now());
    this.send("selected", id);
  }

  /** Left: the parent; right: the best child; up and down: the neighbours in the column. Enter chooses. */
  key(event) {
    const now = this.nodes.get(this.hovered ?? this.selected) ?? this.nodes.get([...this.best][0]) ?? this.nodes.get(-1);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if ((event.key === "Enter" || event.key === " ") && now.id >= 0) this.choose(now.id);
    else if (event.key === "Escape") this.hover(null);
    else if (event.key.startsWith("Arrow")) this.step(now, event.key);
    else return;
    event.preventDefault();
  }

  step(now, key) {
    const column = this.shown.filter((node) => Math.floor(node.x) === Math.floor(now.x)).sort((a, b) => a.y - b.y);
    const liked = (node) => (this.best.has(node.id) ? 2 : node.live ? 1 : 0), place = column.indexOf(now);
    const children = now.kin.filter((node) => this.shown.includes(node)).sort((a, b) => liked(b) - liked(a) || a.rank - b.rank);
    const next = { ArrowLeft: now.up, ArrowRight: children[0], ArrowUp: column[place - 1], ArrowDown: column[place + 1] }[key];
    if (!next || next.fate === "root") return;
    const [x] = this.picture.at(next, this.aim), out = x < 30 ? x - 90 : x > this.size[0] - 120 ? x - this.size[0] + 160 : 0;
    if (out) this.pan(out, 0);
    this.hover(next.id, true);
    this.root.querySelector(".told").textContent = this.card.spoken();
  }
}

// A sentence as words in a row, two handles at its ends, and a curtain between each handle and its end. A handle is drawn along the words
// by pointer or arrow keys; the curtain follows at once, and Python hears of it when the handle is let go.

const curtains = new WeakMap();  // parentElement → Curtain
const PAUSE = 250;  // ms until Python hears of a handle moved by keys
const PATIENCE = 3000;  // at most, after a word was blanked: the text box still has the old text, and any message would bring that along

export default function ({ data, parentElement, setTriggerValue }) {
  let curtain = curtains.get(parentElement);
  if (!curtain) curtains.set(parentElement, curtain = new Curtain(parentElement));
  curtain.send = setTriggerValue;
  curtain.take(data);
}

class Curtain {
  constructor(parent) {
    this.box = parent.querySelector(".curtain");
    this.told = parent.querySelector(".told");
    this.handles = ["left", "right"].map((side, index) => this.handle(side, index));
    Object.assign(this.box, {
      onpointermove: (event) => this.draw(event),
      onpointerup: (event) => this.release(event),
      onpointercancel: (event) => this.release(event),
      onclick: (event) => this.blank(event.target.closest(".word")),
      onkeydown: (event) => this.press(event),
    });
  }

  handle(side, index) {
    const handle = Object.assign(document.createElement("span"), { className: `handle ${side}`, tabIndex: 0, role: "slider" });
    handle.onpointerdown = (event) => {
      if (event.button) return;
      event.preventDefault();
      handle.focus({ preventScroll: true });
      this.box.setPointerCapture(event.pointerId);
      this.drawn = index;
      this.box.classList.add("drawing");
    };
    handle.dataset.side = index;
    return handle;
  }

  take(data) {
    const same = this.data && JSON.stringify(this.data.units) === JSON.stringify(data.units);
    if (!(data.heard >= this.data?.heard)) this.count = data.heard;  // the first of a session
    this.data = data;
    this.box.setAttribute("aria-label", data.words.label);
    this.box.style.setProperty("--blank", data.colour);
    const known = data.heard === this.count, drawing = this.drawn !== undefined || this.waiting;
    if (known) this.last = data.covered;
    // what is drawn here goes before an answer that does not know of it yet
    const covered = drawing || !known ? this.covered : data.covered, focused = this.words?.indexOf(this.focused());
    if (!same) {
      this.build();
      this.blanking = false;
      if (this.waiting) this.wait(PAUSE);
    }
    this.cover(covered);
    if (!same && focused >= 0) this.stay(focused);
  }

  focused() {
    return this.box.getRootNode().activeElement;
  }

  /** Keeps the focus at a word's place in another text: on the next word in sight, else the one before, else on a handle. */
  stay(place) {
    const inSight = (word) => word.matches(".word:not(.hidden)");
    const next = this.words.slice(place).find(inSight) ?? this.words.slice(0, place).findLast(inSight);
    (next ?? this.handles[1]).focus({ preventScroll: true });
  }

  build() {
    const several = this.data.units.filter(([, blank]) => blank !== null).length > 1;
    this.words = this.data.units.map(([text, blank], index) => {
      const word = Object.assign(document.createElement("span"), { className: blank === null ? "unit word" : "unit blank" });
      word.textContent = blank === null ? text : several ? String(blank + 1) : "\u00a0";
      word.dataset.index = index;
      if (blank === null) Object.assign(word, { tabIndex: 0, role: "button", title: this.data.words.blank });
      return word;
    });
    this.covered = null;
  }

  /** Puts the handles where so many words are covered from the left and from the right. */
  cover([left, right]) {
    const count = this.words.length;
    left = Math.max(0, Math.min(left, count)), right = Math.max(0, Math.min(right, count - left));
    if (this.covered?.[0] === left && this.covered[1] === right) return;
    this.covered = [left, right];
    const row = [], [first, second] = this.handles, end = count - right;
    this.words.forEach((word, index) => {
      if (index === end) row.push(...(left === end ? this.handles : [second]));
      if (this.data.units[index][2]) {
        const space = Object.assign(document.createElement("span"), { className: "space", textContent: " " });
        space.classList.toggle("hidden", index <= left || index >= end);
        row.push(space);
      }
      if (index === left && left !== end) row.push(first);
      word.classList.toggle("hidden", index < left || index >= end);
      row.push(word);
    });
    if (left === count) row.push(first);
    if (right === 0) row.push(second);
    const focused = this.focused();
    this.box.replaceChildren(...row);
    if (row.includes(focused)) focused.focus({ preventScroll: true });
    this.handles.forEach((handle, index) => {
      const words = this.data.words, value = this.covered[index];
      handle.ariaLabel = handle.title = words[index ? "right" : "left"];
      handle.ariaValueMin = "0";
      handle.ariaValueMax = String(count);
      handle.ariaValueNow = String(value);
      handle.ariaValueText = words.value.replace("{count}", value);
    });
  }

  /** The number of words left of a point: the nearest boundary on the nearest line. */
  before({ clientX, clientY }) {
    const boxes = this.words.map((word) => word.getBoundingClientRect());
    const off = (box) => Math.max(box.top - clientY, clientY - box.bottom, 0);
    const nearest = Math.min(...boxes.map(off));
    const line = boxes.map((box, index) => [box, index]).filter(([box]) => off(box) === nearest);
    const after = line.find(([box]) => clientX < (box.left + box.right) / 2);
    return after ? after[1] : (line.at(-1)?.[1] ?? -1) + 1;
  }

  draw(event) {
    if (this.drawn === undefined) return;
    const place = this.before(event), count = this.words.length, [left, right] = this.covered;
    this.cover(this.drawn ? [left, Math.min(count - place, count - left)] : [Math.min(place, count - right), right]);
  }

  release(event) {
    if (this.drawn === undefined) return;
    this.box.releasePointerCapture?.(event.pointerId);
    this.box.classList.remove("drawing");
    this.drawn = undefined;
    if (this.blanking) this.wait(PATIENCE);
    else this.tell();
  }

  press(event) {
    const side = event.target.dataset.side, word = event.target.closest(".word");
    if (word && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      if (!event.repeat) this.blank(word);  // the focus goes on to the next word
    }
    if (side === undefined) return;
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -1e6, End: 1e6 }[event.key];
    if (!step) return;
    event.preventDefault();
    const [left, right] = this.covered, count = this.words.length;
    const clamp = (value, most) => Math.max(0, Math.min(value, most));
    this.cover(side === "1" ? [left, clamp(right - step, count - left)] : [clamp(left + step, count - right), right]);
    this.wait(this.blanking ? PATIENCE : PAUSE);
  }

  /** Tells Python later; of keys held down it hears of the last. */
  wait(time) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.waiting = null;
      this.blanking = false;
      this.tell();
    }, time);
  }

  tell() {
    this.told.textContent = this.data.words.value.replace("{count}", this.covered[0] + this.covered[1]);
    if (this.covered.every((value, index) => value === this.last[index])) return;
    this.last = this.covered;
    this.send("covered", [...this.covered, ++this.count]);
  }

  blank(word) {
    if (!word || word.classList.contains("hidden")) return;
    this.send("chosen", Number(word.dataset.index));
    this.blanking = true;
    if (this.waiting) this.wait(PATIENCE);
  }
}

// The token strip: pieces of text that flow like prose, each on its colour. Two kinds of mount run this module: the strip, and
// feeds, which hand it newer pieces while a script is still running. Only pieces that differ are changed, so nothing flickers.

const strips = new Map();  // name → Strip
const feeds = new Map();   // name → the newest data that a feed has brought

export default function ({ data, parentElement, setTriggerValue }) {
  return data.feeds ? feed(data) : mount(data, parentElement, (index) => setTriggerValue("selected", index));
}

function feed(data) {
  const name = data.feeds;
  feeds.set(name, data);
  strips.get(name)?.draw();
  return () => setTimeout(() => {  // the next feed is a moment away: without a pause the strip would flash empty between two
    if (feeds.get(name) !== data) return;
    feeds.delete(name);
    strips.get(name)?.draw();
  }, 300);
}

function mount(data, parentElement, send) {
  let strip = strips.get(data.name);
  if (strip?.parent !== parentElement) {
    strip?.close();
    strips.set(data.name, strip = new Strip(parentElement));
  }
  if (strip.data?.run !== data.run && data.selected === null) strip.selected = null;  // clicked in other pieces: not chosen in these
  Object.assign(strip, { data, send });
  strip.draw();
  return () => {
    strip.close();
    if (strips.get(data.name) === strip) strips.delete(data.name);
  };
}

class Strip {
  constructor(parent) {
    this.parent = parent;
    this.box = parent.querySelector(".strip");
    this.detail = parent.querySelector(".detail");
    this.pieces = [];  // what is drawn: [text, colour, detail, breaks, bar]
    const over = (event) => this.tell(event.target.closest(".piece"));
    Object.assign(this.box, {
      onpointerover: over,
      onpointerleave: () => this.tell(null),
      onclick: (event) => this.choose(event.target.closest(".piece.live")),
      onkeydown: (event) => this.press(event),
    });
    this.box.addEventListener("focusin", over);
    this.box.addEventListener("focusout", () => this.tell(null));
    this.scrolled = () => this.tell(null);
    window.addEventListener("scroll", this.scrolled, true);
  }

  close() {
    window.removeEventListener("scroll", this.scrolled, true);
    this.tell(null);
  }

  draw() {
    const brought = feeds.get(this.data.name);
    const { pieces, selected } = brought?.run === this.data.run ? brought : this.data;  // a feed of an older run may still be there
    this.box.setAttribute("aria-label", this.data.words.label);
    this.box.classList.toggle("fixed", this.data.fixed);
    this.box.classList.toggle("barred", pieces.some((piece) => piece[4] !== null));
    this.box.style.minHeight = `${this.data.lines}lh`;
    pieces.forEach((piece, index) => {
      const drawn = this.pieces[index];
      if (drawn && piece.every((part, i) => part === drawn[i])) return;
      const old = this.box.children[index];
      if (old) old.replaceWith(this.build(piece, index)); else this.box.append(this.build(piece, index));
    });
    while (this.box.children.length > pieces.length) this.box.lastChild.remove();
    this.pieces = pieces;
    if (selected !== this.asked) { this.asked = selected; this.selected = selected; }
    this.ring();
    if (this.told && !this.told.isConnected) this.tell(null);
  }

  build([text, colour, , breaks, bar], index) {
    const slot = document.createElement("span"), span = slot.appendChild(document.createElement("span"));
    slot.append(document.createElement("wbr"));  // lines end between pieces, not inside one
    const live = colour !== null;
    span.className = `piece ${live ? "live" : "quiet"}`;
    span.textContent = text;
    span.dataset.index = index;
    if (live) Object.assign(span, { tabIndex: 0, ...(this.data.fixed ? {} : { role: "button" }) }).style.backgroundColor = colour;
    if (bar !== null) span.style.setProperty("--bar", bar);
    if (breaks) slot.append(document.createElement("br"));  // outside, or a sliver of colour would begin the next line
    return slot;
  }

  ring() {
    for (const { firstChild: span } of this.box.children) {
      const mine = Number(span.dataset.index) === this.selected;
      span.classList.toggle("selected", mine);
      if (span.role === "button") span.ariaPressed = String(mine);
    }
  }

  /** Shows a piece's detail in the top layer, where no ancestor clips it; null hides it. */
  tell(span) {
    const text = span && this.pieces[Number(span.dataset.index)]?.[2];
    this.told = text ? span : null;
    if (this.detail.showPopover && Boolean(text) !== (this.detail.popover === "manual")) {
      this.detail.popover = text ? "manual" : null;
      if (text) this.detail.showPopover();
    }
    this.detail.classList.toggle("open", Boolean(text));
    if (!text) return;
    this.detail.textContent = text;
    const [piece] = span.getClientRects(), label = this.detail.getBoundingClientRect();
    const left = Math.min(piece.left, document.documentElement.clientWidth - label.width - 8);
    const above = piece.top - label.height - 6;
    Object.assign(this.detail.style, { left: `${Math.max(8, left)}px`, top: `${above > 8 ? above : piece.bottom + 6}px` });
  }

  press(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.choose(event.target.closest(".piece.live"));
  }

  choose(span) {
    if (!span || this.data.fixed) return;
    this.selected = Number(span.dataset.index);  // at once; Python answers with the same
    this.ring();
    this.send(this.selected);
  }
}

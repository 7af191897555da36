// One matrix on a canvas: its numbers as colours, names along its sides, and lines round the rows, columns and cells that are lit.

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
const pixel = ([red, green, blue]) => (255 << 24 | blue << 16 | green << 8 | red) >>> 0;  // little-endian RGBA
const isToken = (axis) => axis === "position" || axis === "query" || axis === "key";

/** 511 pixels from −limit to +limit: from one colour to paper, and on through evenly spaced others. */
function palette(negative, paper, positive) {
  const stops = [negative, paper, ...positive].map(rgb);
  return Uint32Array.from({ length: 511 }, (_, index) => {
    const share = (index - 255) / 255, place = 1 + share * (share < 0 ? 1 : positive.length);
    const lower = Math.min(Math.floor(place), stops.length - 2);
    return pixel(stops[lower].map((low, i) => Math.round(low + (stops[lower + 1][i] - low) * (place - lower))));
  });
}

/** The colours of the page's appearance, read where `root` stands. */
function appearance(root, colours) {
  const styles = getComputedStyle(root), read = (name) => styles.getPropertyValue(`--st-${name}`).trim();
  const { colour, dark } = paper(root);
  const { roles, negative, accent, pattern } = colours[dark ? "dark" : "light"];
  const palettes = { pattern: palette(negative, pattern[0], pattern.slice(1)) };
  for (const [role, hue] of Object.entries(roles)) palettes[role] = palette(negative, colour, [hue]);
  const [text, mono, ratio] = [read("text-color"), read("code-font") || "monospace", window.devicePixelRatio || 1];
  return { dark, paper: colour, palettes, roles, accent, text, mono, ratio };
}

/** Which of n cells each of `pixels` pixels shows: [first, past the last]. */
const blocks = (n, pixels) => Array.from({ length: pixels }, (_, i) => n > pixels
  ? [Math.floor(i * n / pixels), Math.ceil((i + 1) * n / pixels)]
  : [Math.floor((i + 0.5) * n / pixels), Math.floor((i + 0.5) * n / pixels) + 1]);

/** A length in CSS pixels that holds n cells of whole device pixels, where that costs little. */
function whole(length, n, ratio) {
  const fitting = Math.floor(length * ratio / n) * n / ratio;
  return fitting >= 0.85 * length ? fitting : length;
}

/** A matrix on its canvas. `turned`: drawn transposed, as Kᵀ. Lengths are device pixels; [row, column] is always the matrix's own. */
class Picture {
  constructor(canvas, turned) {
    Object.assign(this, { canvas, turned, ctx: canvas.getContext("2d") });
  }

  /** [down, along] of the picture for [row, column] of the matrix, and back. */
  turn([row, column]) { return this.turned ? [column, row] : [row, column]; }

  /** Takes a head's matrix and its size [width, height] in CSS pixels; `gutters` [left, above] leave room for names along the sides. */
  fit(head, matrix, look, size, gutters) {
    const { ratio } = look, counts = this.turn(shape(matrix));
    const wide = Math.round(whole(size[0], counts[1], ratio) * ratio), high = Math.round(size[1] * ratio);
    const [left, above] = gutters.map((length) => Math.round(length * ratio)), edge = Math.ceil(2 * ratio);  // room for the lines
    Object.assign(this, { head, matrix, look, counts, wide, high, left: left + edge, above: above + edge, named: gutters });
    const full = { width: this.left + wide + edge, height: this.above + high + edge };
    if (this.canvas.width !== full.width || this.canvas.height !== full.height) Object.assign(this.canvas, full);
    Object.assign(this.canvas.style, { width: `${full.width / ratio}px`, height: `${full.height / ratio}px` });
    Object.assign(this.canvas.dataset, {  // for the browser tests: where the cells lie, in CSS pixels
      matrix: matrix.name, turned: this.turned, x: this.left / ratio, y: this.above / ratio,
      cellWidth: wide / counts[1] / ratio, cellHeight: high / counts[0] / ratio,
    });
    const name = [head.digest, matrix.name, look.dark, wide, high].join();
    if (name !== this.painted) this.paint();
    this.painted = name;
  }

  /** The numbers as colours, once: where a pixel holds several cells the strongest wins. Forbidden cells stay empty, over hatching. */
  paint() {
    const { head, matrix, look, wide, high, turned, counts } = this, colours = look.palettes[matrix.colour];
    const image = new ImageData(wide, high), pixels = new Uint32Array(image.data.buffer);
    const down = blocks(counts[0], high), along = blocks(counts[1], wide), share = 255 / (matrix.limit || 1);
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++) {
        let strongest = null;
        for (let i = down[y][0]; i < down[y][1]; i++) {
          for (let j = along[x][0]; j < along[x][1]; j++) {
            const [row, column] = turned ? [j, i] : [i, j], value = at(matrix, row, column);
            if (matrix.masked && !allowed(head, row, column)) continue;
            if (strongest === null || Math.abs(value) > Math.abs(strongest)) strongest = value;
          }
        }
        if (strongest !== null) pixels[y * wide + x] = colours[255 + Math.round(clamp(strongest * share, -255, 255))];
      }
    }
    this.image = Object.assign(document.createElement("canvas"), { width: wide, height: high });
    const ctx = this.image.getContext("2d");
    ctx.putImageData(image, 0, 0);
    this.rule(ctx);
    if (matrix.masked) this.hatch(ctx);
  }

  /** Lines of paper between cells that are large enough to be told apart. */
  rule(ctx) {
    const { wide, high, counts, look: { paper, ratio } } = this;
    ctx.fillStyle = paper;
    if (wide / counts[1] >= 8 * ratio) for (let j = 1; j < counts[1]; j++) ctx.fillRect(Math.round(j * wide / counts[1]), 0, ratio, high);
    if (high / counts[0] >= 8 * ratio) for (let i = 1; i < counts[0]; i++) ctx.fillRect(0, Math.round(i * high / counts[0]), wide, ratio);
  }

  hatch(ctx) {
    const { look: { text, ratio }, wide, high } = this;
    Object.assign(ctx, { globalCompositeOperation: "destination-over", strokeStyle: text, globalAlpha: 0.32, lineWidth: ratio });
    ctx.beginPath();
    for (let x = -high; x < wide; x += 5 * ratio) {
      ctx.moveTo(x, high);
      ctx.lineTo(x + high, 0);
    }
    ctx.stroke();
  }

  /** The picture with its names and `lights`: {lit: "row" | "column" | "cell", place: [row, column], strong}. */
  show(lights) {
    const { ctx, canvas, image, left, above } = this;
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.drawImage(image, left, above);
    this.outline(0, 0, this.wide, this.high, this.look.text, 1, 0.22);
    for (const light of lights) this.light(light);
    canvas.dataset.lit = lights.filter(({ strong }) => strong).map(({ lit, place }) => `${lit} ${place}`);  // for the browser tests
    if (this.named[0] || this.named[1]) this.name(lights);
  }

  light({ lit, place, strong }) {
    const { wide, high, counts, look } = this, [down, along] = this.turn(place), [across, upright] = this.turn(["row", "column"]);
    const [top, bottom] = lit === upright ? [0, high] : [down, down + 1].map((i) => Math.round(i * high / counts[0]));
    const [start, end] = lit === across ? [0, wide] : [along, along + 1].map((j) => Math.round(j * wide / counts[1]));
    this.outline(start, top, end - start, bottom - top, look.paper, 3.5, 0.8);  // a halo: seen on every colour
    this.outline(start, top, end - start, bottom - top, strong ? look.accent : look.text, strong ? 2 : 1.25, strong ? 1 : 0.75);
  }

  outline(x, y, width, height, colour, thick, alpha) {
    const { ctx, left, above, look: { ratio } } = this, line = thick * ratio;
    Object.assign(ctx, { strokeStyle: colour, lineWidth: line, globalAlpha: alpha });
    ctx.strokeRect(left + x - line / 2, above + y - line / 2, width + line, height + line);
    ctx.globalAlpha = 1;
  }

  /** Names along the sides: tokens, or the numbers of dimensions; the lit one always, of the others as many as there is room for. */
  name(lights) {
    const { matrix, head, counts, wide, high, look: { ratio } } = this, axes = this.turn(matrix.axes), kinds = this.turn(["row", "column"]);
    for (const side of [0, 1].filter((each) => this.named[each])) {
      const light = lights.find(({ lit }) => lit === "cell" || lit === kinds[side]), chosen = light ? this.turn(light.place)[side] : -1;
      const isName = isToken(axes[side]), cell = (side ? wide : high) / counts[side];
      const every = Math.ceil((side && !isName ? 30 : 13) * ratio / cell);
      for (let index = 0; index < counts[side]; index++) {
        const crowded = index % every || (chosen >= 0 && Math.abs(index - chosen) < every);
        if (index !== chosen && crowded) continue;
        this.label(side, (index + 0.5) * cell, isName ? head.tokens[index] : String(index), index === chosen, isName);
      }
    }
  }

  /** One name: left of its row (side 0), or above its column (side 1), where a token stands upright. */
  label(side, place, text, chosen, isName) {
    const { ctx, left, above, look: { ratio, mono, accent, text: ink } } = this, lying = side && !isName;
    ctx.save();
    ctx.font = `${chosen ? 600 : 400} ${11 * ratio}px ${mono}`;
    Object.assign(ctx, { fillStyle: chosen ? accent : ink, globalAlpha: chosen ? 1 : 0.7 });
    Object.assign(ctx, { textBaseline: "middle", textAlign: lying ? "center" : side ? "left" : "right" });
    const half = lying ? ctx.measureText(text).width / 2 : 0;  // a number keeps inside the picture
    if (side) ctx.translate(left + clamp(place, half, Math.max(half, this.wide - half)), above - (lying ? 9 : 6) * ratio);
    else ctx.translate(left - 6 * ratio, above + place);
    if (side && isName) ctx.rotate(-Math.PI / 2);
    ctx.fillText(lying ? text : clipped(ctx, text, (this.named[side] - 8) * ratio), 0, 0);
    ctx.restore();
  }

  /** The [row, column] under a pointer event, or null. */
  under({ offsetX, offsetY }) {
    const { look: { ratio }, left, above, wide, high, counts } = this;
    const along = Math.floor((offsetX * ratio - left) * counts[1] / wide), down = Math.floor((offsetY * ratio - above) * counts[0] / high);
    return along < 0 || down < 0 || along >= counts[1] || down >= counts[0] ? null : this.turn([down, along]);
  }
}

/** A label that fits `room`, shortened at its end. */
function clipped(ctx, label, room) {
  if (ctx.measureText(label).width <= room) return label;
  const letters = [...label];
  while (letters.length > 2 && ctx.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

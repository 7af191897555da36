// What the pictures of encodings share: numbers as text, ticks, the look of the page; and the heat map of one encoding.
// encoding_lab.py joins pattern_paint.js and the encoding_*.js files: one module.

const GUTTER = 44, FOOT = 34, HEAD = 20, EDGE = 8;  // round a picture: left, below, above, right; CSS pixels
const SMALL = 11;                                    // of the words along an axis

const put = (template, values) => template.replace(/{(\w+)}/g, (_, name) => values[name]);

/** As Python's four_decimals(): −0.7126; of a size that four decimals do not serve, 1.2346e+08. */
function fourDecimals(value) {
  if (Math.abs(value) < 1e6) {
    const text = value.toFixed(4);
    return Number(text) === 0 ? "0.0000" : text.replace("-", "−");
  }
  const [digits, power] = value.toExponential(4).split("e");
  return `${digits.replace("-", "−")}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** A number in few letters, for an axis. */
function brief(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e6 || size < 1e-3) ? value.toExponential(0) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

/** Round numbers from `low` to `high`, about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1), power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999) ?? 10 * power;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
  return found;
}

/** The page's colours and letters where `root` stands. */
function dress(root, canvas, looks) {
  const styles = getComputedStyle(root), read = (name) => styles.getPropertyValue(`--st-${name}`).trim();
  const { colour, dark } = paper(canvas), look = looks[dark ? "dark" : "light"];
  return { ...look, dark, paper: colour, colours: palette(look.diverging), text: read("text-color"), font: read("font") || "sans-serif",
    ratio: window.devicePixelRatio || 1 };
}

/** Gives a canvas its size in CSS pixels; returns a context that draws in CSS pixels on an empty sheet. */
function sheet(canvas, width, height, look) {
  const [wide, high] = [Math.round(width * look.ratio), Math.round(height * look.ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, wide, high);
  ctx.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
  Object.assign(ctx, { font: `${SMALL}px ${look.font}`, fillStyle: look.faint, strokeStyle: look.grid, lineWidth: 1, globalAlpha: 1 });
  ctx.setLineDash([]);
  return ctx;
}

/** The titles of both axes: what goes down (or up) at the left above, what goes along at the right below. */
function titles(ctx, look, down, along, width, height) {
  Object.assign(ctx, { fillStyle: look.faint, textBaseline: "top", textAlign: "left" });
  ctx.fillText(down, 0, 3);
  Object.assign(ctx, { textBaseline: "bottom", textAlign: "right" });
  ctx.fillText(along, width - EDGE, height);
}

/** Slanted lines where an encoding has nothing. */
function hatch(ctx, look, [x, y, width, height]) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  Object.assign(ctx, { strokeStyle: look.faint, globalAlpha: 0.35, lineWidth: 1 });
  ctx.beginPath();
  for (let at = x - height; at < x + width; at += 6) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}

/** Position × dimension, or query × key, of one encoding. `matrix`: {rows, columns, total: [rows, columns] of the axes, at(row, column)} */
class Heat {
  constructor(canvas) {
    this.canvas = canvas;
  }

  paint(matrix, limit, look, width, height, words) {
    const inside = [width - GUTTER - EDGE, height - HEAD - FOOT];
    Object.assign(this, { matrix, look, width, height, inside, words });
    const [wide, high] = inside.map((length) => Math.max(1, Math.round(length * look.ratio)));
    const image = new ImageData(wide, high), pixels = new Uint32Array(image.data.buffer);
    const down = blocks(matrix.total[0], high), along = blocks(matrix.total[1], wide);
    for (let y = 0; y < high; y++) {
      if (y && down[y][0] === down[y - 1][0] && down[y][1] === down[y - 1][1]) {
        pixels.copyWithin(y * wide, (y - 1) * wide, y * wide);
        continue;
      }
      const last = Math.min(down[y][1], matrix.rows);
      for (let x = 0; x < wide; x++) {
        const end = Math.min(along[x][1], matrix.columns);
        let strongest = null;  // where a pixel holds several cells
        for (let row = down[y][0]; row < last; row++) {
          for (let column = along[x][0]; column < end; column++) {
            const value = matrix.at(row, column);
            if (strongest === null || Math.abs(value) > Math.abs(strongest)) strongest = value;
          }
        }
        if (strongest !== null) pixels[y * wide + x] = look.colours[Math.round(127.5 + 127.5 * clamp(strongest / limit, -1, 1))];
      }
    }
    this.image ??= document.createElement("canvas");
    Object.assign(this.image, { width: wide, height: high });
    this.image.getContext("2d").putImageData(image, 0, 0);
    const [rows, columns] = matrix.total;
    Object.assign(this.canvas.dataset, {  // for the browser tests and the benchmark
      left: GUTTER, top: HEAD, cellWidth: inside[0] / columns, cellHeight: inside[1] / rows,
      paints: Number(this.canvas.dataset.paints ?? 0) + 1,
    });
  }

  /** The picture, its axes, and lines round the cell that is looked at and over the chosen columns. */
  show(cell, chosen) {
    const { matrix, look, inside: [wide, high], words } = this, [rows, columns] = matrix.total;
    const ctx = sheet(this.canvas, this.width, this.height, look);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.image, GUTTER, HEAD, wide, high);
    const x = (column) => GUTTER + column * wide / columns, y = (row) => HEAD + row * high / rows;
    if (matrix.rows < rows) hatch(ctx, look, [GUTTER, y(matrix.rows), wide, y(rows) - y(matrix.rows)]);
    if (matrix.columns < columns) hatch(ctx, look, [x(matrix.columns), HEAD, x(columns) - x(matrix.columns), high]);
    ctx.strokeStyle = look.grid;
    ctx.strokeRect(GUTTER - 0.5, HEAD - 0.5, wide + 1, high + 1);
    titles(ctx, look, words.down, words.along, this.width, this.height);
    Object.assign(ctx, { textAlign: "right", textBaseline: "middle" });
    for (const row of ticks(0, rows - 1, 6).filter(Number.isInteger)) ctx.fillText(row, GUTTER - 6, y(row + 0.5));
    Object.assign(ctx, { textAlign: "center", textBaseline: "top" });
    for (const column of ticks(0, columns - 1, 8).filter(Number.isInteger)) ctx.fillText(column, x(column + 0.5), HEAD + high + 5);
    ctx.fillStyle = look.text;
    for (const column of chosen) ctx.fillRect(x(column), HEAD - 4, Math.max(wide / columns, 2), 3);
    if (cell && cell.row < rows && cell.column < columns) {
      const box = [x(cell.column), y(cell.row), Math.max(wide / columns, 3), Math.max(high / rows, 3)];
      Object.assign(ctx, { strokeStyle: look.paper, lineWidth: 4 });
      ctx.strokeRect(box[0] - 1, box[1] - 1, box[2] + 2, box[3] + 2);
      Object.assign(ctx, { strokeStyle: look.accent, lineWidth: 2 });
      ctx.strokeRect(box[0] - 1, box[1] - 1, box[2] + 2, box[3] + 2);
    }
  }

  /** The cell under a pointer event, or null. */
  under({ offsetX, offsetY }) {
    if (!this.matrix) return null;
    const { inside: [wide, high], matrix: { total: [rows, columns] } } = this;
    const column = Math.floor((offsetX - GUTTER) * columns / wide), row = Math.floor((offsetY - HEAD) * rows / high);
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : { row, column };
  }
}

// The clock view: each pair of dimensions is a hand, and a position is where all hands point.

const ACROSS = 8, LARGEST = 58;  // dials in a row; CSS pixels

/** The height of a clock picture of so many dials. */
const clockHeight = (count, width) => Math.ceil(count / ACROSS) * (Math.min(Math.floor(width / ACROSS), LARGEST) + 12);

/** Draws the hands at `position` (strong), at `later` (thin), and a ring where R_k puts the first: on the tip of the second, if the step is
 *  a turn. `table` {numbers, columns, rows}; `pairs` [[across, upwards], …], in whose order `stepped` has two columns for each; `longest`:
 *  the length that reaches the dial's edge. */
function drawClock(canvas, look, width, { table, stepped, pairs, longest }, position, later) {
  const size = Math.min(Math.floor(width / ACROSS), LARGEST), radius = size / 2 - 5;
  const ctx = sheet(canvas, width, clockHeight(pairs.length, width), look);
  const tip = ({ numbers, columns, rows }, row, [across, upwards]) => {
    if (row >= rows) return null;
    const [x, y] = [across, upwards].map((dimension) => numbers[row * columns + dimension] / (longest || 1));
    return [x * radius, -y * radius];
  };
  pairs.forEach((pair, index) => {
    const [x, y] = [(index % ACROSS + 0.5) * size, Math.floor(index / ACROSS) * (size + 12) + size / 2];
    ctx.setTransform(look.ratio, 0, 0, look.ratio, x * look.ratio, y * look.ratio);
    Object.assign(ctx, { strokeStyle: look.grid, lineWidth: 1.5, fillStyle: look.faint, textAlign: "center", textBaseline: "top" });
    circle(ctx, 0, 0, radius + 1.5);
    ctx.stroke();
    ctx.font = `9.5px ${look.font}`;
    ctx.fillText([...pair].sort((a, b) => a - b).join("·"), 0, radius + 4);
    const [now, then, turned] = [tip(table, position, pair), tip(table, later, pair), tip(stepped, position, [2 * index, 2 * index + 1])];
    if (then) hand(ctx, then, look.ink, 1, 0.75);
    if (now) hand(ctx, now, look.accent, 2.5, 1);
    if (turned && then) {
      Object.assign(ctx, { strokeStyle: look.ink, lineWidth: 1.25 });
      circle(ctx, ...turned, 3.2);
      ctx.stroke();
    }
  });
}

function circle(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
}

function hand(ctx, [x, y], colour, width, alpha) {
  Object.assign(ctx, { strokeStyle: colour, fillStyle: colour, lineWidth: width, lineCap: "round", globalAlpha: alpha });
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.lineTo(x, y);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

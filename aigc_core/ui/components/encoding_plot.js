// Curves over positions or distances: lines, a band, a mark where something ends, and the place that is pointed at.

/** What a plot needs: `lines` [{values, from (the first x), colour, width, dash, name, quiet}], `band` {low, high, from, colour},
 *  `x` and `y` {low, high, title}, `ends` {at}, `marks` [{at, text}]. */
class Plot {
  constructor(canvas) {
    this.canvas = canvas;
  }

  paint(plot, look, width, height) {
    Object.assign(this, { plot, look, width, height });
    this.canvas.dataset.paints = Number(this.canvas.dataset.paints ?? 0) + 1;  // for the browser tests and the benchmark
  }

  x(value) {
    const { plot: { x }, width } = this;
    return GUTTER + (value - x.low) / (x.high - x.low || 1) * (width - GUTTER - EDGE);
  }

  y(value) {
    const { plot: { y }, height } = this;
    return HEAD + (y.high - value) / (y.high - y.low || 1) * (height - HEAD - FOOT);
  }

  show(at) {
    const { plot, look, width, height } = this, ctx = sheet(this.canvas, width, height, look), bottom = height - FOOT;
    titles(ctx, look, plot.y.title, plot.x.title, width, height);
    Object.assign(ctx, { textAlign: "right", textBaseline: "middle", strokeStyle: look.grid });
    for (const value of ticks(plot.y.low, plot.y.high, height > 150 ? 4 : 2)) {
      this.rule(ctx, GUTTER, this.y(value), width - EDGE, this.y(value));
      ctx.fillText(brief(value), GUTTER - 6, this.y(value));
    }
    Object.assign(ctx, { textAlign: "center", textBaseline: "top" });
    for (const value of ticks(plot.x.low, plot.x.high, 6)) ctx.fillText(brief(value), this.x(value), bottom + 5);
    if (plot.ends) hatch(ctx, look, [this.x(plot.ends.at), HEAD, width - EDGE - this.x(plot.ends.at), bottom - HEAD]);
    ctx.save();
    ctx.beginPath();
    ctx.rect(GUTTER - 1, HEAD - 2, width - GUTTER - EDGE + 2, bottom - HEAD + 4);
    ctx.clip();
    if (plot.band) this.area(ctx, plot.band);
    for (const line of plot.lines) this.line(ctx, line);
    ctx.restore();
    for (const mark of plot.marks ?? []) this.mark(ctx, mark);
    if (at !== null && at >= plot.x.low && at <= plot.x.high) this.point(ctx, at);
  }

  rule(ctx, ...ends) {
    ctx.beginPath();
    ctx.moveTo(ends[0], Math.round(ends[1]) + 0.5);
    ctx.lineTo(ends[2], Math.round(ends[3]) + 0.5);
    ctx.stroke();
  }

  line(ctx, { values, from, colour, width, dash }) {
    Object.assign(ctx, { strokeStyle: colour, lineWidth: width ?? 1.5, lineJoin: "round" });
    ctx.setLineDash(dash ?? []);
    ctx.beginPath();
    let drawn = false;  // a gap where a number is none
    for (let i = 0; i < values.length; i++) {
      const there = Number.isFinite(values[i]);
      if (there) ctx[drawn ? "lineTo" : "moveTo"](this.x(from + i), this.y(values[i]));
      drawn = there;
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  area(ctx, { low, high, from, colour }) {
    const there = Array.from(low.keys()).filter((i) => Number.isFinite(low[i]));
    Object.assign(ctx, { fillStyle: colour, globalAlpha: 0.18 });
    ctx.beginPath();
    for (const i of there) ctx.lineTo(this.x(from + i), this.y(high[i]));
    for (const i of there.reverse()) ctx.lineTo(this.x(from + i), this.y(low[i]));
    ctx.fill();
    ctx.globalAlpha = 1;
  }

  mark(ctx, { at, text }) {
    Object.assign(ctx, { strokeStyle: this.look.accent, fillStyle: this.look.accent, lineWidth: 1.25 });
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(this.x(at), HEAD);
    ctx.lineTo(this.x(at), this.height - FOOT);
    ctx.stroke();
    ctx.setLineDash([]);
    const left = this.x(at) > this.width - 90;
    Object.assign(ctx, { textAlign: left ? "right" : "left", textBaseline: "top" });
    ctx.fillText(text, this.x(at) + (left ? -4 : 4), HEAD + 1);
  }

  /** The place that is pointed at: an upright line, and a dot on each curve. */
  point(ctx, at) {
    const { look, height } = this;
    Object.assign(ctx, { strokeStyle: look.accent, lineWidth: 1, globalAlpha: 0.7 });
    ctx.beginPath();
    ctx.moveTo(this.x(at), HEAD);
    ctx.lineTo(this.x(at), height - FOOT);
    ctx.stroke();
    ctx.globalAlpha = 1;
    const told = [];
    for (const { values, from, colour, quiet } of this.plot.lines) {
      const value = values[at - from];
      if (quiet || !Number.isFinite(value)) continue;
      ctx.fillStyle = colour;
      ctx.beginPath();
      ctx.arc(this.x(at), this.y(value), 3, 0, 2 * Math.PI);
      ctx.fill();
      told.push([brief(value), colour]);
    }
    // the numbers there, at the right above, each in its curve's colour
    Object.assign(ctx, { textAlign: "right", textBaseline: "top" });
    let right = this.width - EDGE;
    for (const [text, colour] of [...told.reverse(), [told.length ? `${brief(at)}:` : "", look.faint]]) {
      ctx.fillStyle = colour;
      ctx.fillText(text, right, 3);
      right -= ctx.measureText(text).width + 8;
    }
  }

  /** The whole number on the x axis under a pointer event, or null. */
  under({ offsetX }) {
    if (!this.plot) return null;
    const { plot: { x }, width } = this, share = (offsetX - GUTTER) / (width - GUTTER - EDGE);
    return share < 0 || share > 1 ? null : Math.round(x.low + share * (x.high - x.low));
  }
}

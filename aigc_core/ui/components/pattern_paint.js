// What pictures of attention patterns share: weights as colours, cells as pixels, and the lines round rows and columns.
// wall.py and pattern_pair.py join this file before their own.

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
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

/** One head into an image; where a pixel holds several cells the strongest wins, so that thin lines survive. */
function paint(image, left, top, width, height, pattern, layer, head, colours) {
  const { nHeads, nQueries, nKeys, weights } = pattern, rows = blocks(nQueries, height), columns = blocks(nKeys, width);
  const pixels = new Uint32Array(image.data.buffer), origin = (layer * nHeads + head) * nQueries * nKeys;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let strongest = 0;
      for (let query = rows[y][0]; query < rows[y][1]; query++) {
        for (let key = columns[x][0]; key < columns[x][1]; key++) {
          strongest = Math.max(strongest, weights[origin + query * nKeys + key]);
        }
      }
      pixels[(top + y) * image.width + left + x] = colours[strongest];
    }
  }
}

/** Lines of the query's colour along the edges of rows, of the key's along those of columns; neighbours have one frame together. */
function frame(ctx, [width, height], { nQueries, nKeys }, queries, keys, marks, scale) {
  const line = Math.max(1, Math.round(scale));
  const edges = (chosen, n, length) => [
    ...chosen.filter((i) => !chosen.includes(i - 1)).map((i) => Math.round(i * length / n) - line),
    ...chosen.filter((i) => !chosen.includes(i + 1)).map((i) => Math.round((i + 1) * length / n)),
  ];
  ctx.fillStyle = marks.query;
  for (const y of edges(queries, nQueries, height)) ctx.fillRect(0, y, width, line);
  ctx.fillStyle = marks.key;
  for (const x of edges(keys, nKeys, width)) ctx.fillRect(x, 0, line, height);
}

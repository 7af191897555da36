// What components need to know of the page's appearance. Their .py files join this before their own scripts.

const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** The page's background where an element stands, as #rrggbb, and whether it is dark. */
function paper(element) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.fillStyle = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const colour = ctx.fillStyle, [red, green, blue] = rgb(colour);  // any opaque CSS colour comes back as #rrggbb
  return { colour, dark: red * 0.299 + green * 0.587 + blue * 0.114 < 128 };
}


// Draws nothing: tells Python when the page's appearance is no longer the one that its pictures were made for.

export default function ({ data: [data], parentElement, setTriggerValue }) {
  const paper = getComputedStyle(parentElement.host ?? parentElement).getPropertyValue("--st-background-color");
  const dark = luminance(paper) < 0.5;
  if (dark !== data.dark) setTriggerValue("changed", dark);
}

function luminance(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour.trim();
  const [red, green, blue] = context.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16) / 255);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

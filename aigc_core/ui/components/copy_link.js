// A small button with a link icon: copies the address bar's text and says so for two seconds. Python is not told.

const LINK = ["M10 13a5 5 0 0 0 7.5.5l3-3a5 5 0 0 0-7-7l-1.7 1.7", "M14 11a5 5 0 0 0-7.5-.5l-3 3a5 5 0 0 0 7 7l1.7-1.7"];
const TICK = ["M4 12.5l5 5L20 6.5"];
const timers = new WeakMap();  // parentElement → the timer that ends the message

export default function ({ data: [{ words }], parentElement }) {
  const button = parentElement.querySelector("button");
  if (!timers.has(parentElement)) show(button, words, "label");
  button.onclick = async () => {
    const outcome = await copy(window.location.href) ? "copied" : "failed";
    show(button, words, outcome);
    clearTimeout(timers.get(parentElement));
    timers.set(parentElement, setTimeout(() => {
      timers.delete(parentElement);
      show(button, words, "label");
    }, 2000));
  };
  return () => clearTimeout(timers.get(parentElement));
}

/** The icon and one of the words; "label" and "copied" share one place, so that the width does not change between them. */
function show(button, words, name) {
  button.classList.toggle("done", name === "copied");
  button.querySelector(".icon").replaceChildren(icon(name === "copied" ? TICK : LINK));
  button.querySelector(".label").replaceChildren(...(name === "failed" ? ["failed"] : ["label", "copied"]).map((each) => {
    const span = document.createElement("span");
    span.textContent = words[each];
    span.hidden = span.ariaHidden = each !== name;
    return span;
  }));
}

function icon(paths) {
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const svg = make("svg", {
    viewBox: "0 0 24 24", width: 16, height: 16, fill: "none", stroke: "currentColor",
    "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  });
  svg.append(...paths.map((d) => make("path", { d })));
  return svg;
}

/** True when it worked. Over plain http the clipboard API is missing: then by a selected text area. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    area.style.cssText = "position: fixed; top: 0; opacity: 0";
    document.body.append(area);
    area.select();
    const worked = document.execCommand("copy");
    area.remove();
    return worked;
  }
}

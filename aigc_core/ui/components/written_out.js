// The sentence of one candidate, its filling marked, and its numbers below: of the one that a list of bars points at, else the chosen one.

const ears = new WeakMap();  // mount → what hears of the candidate that is pointed at

export default function ({ data: { candidates, chosen, group, colour }, parentElement }) {
  const sentence = parentElement.querySelector(".sentence"), numbers = parentElement.querySelector(".numbers");
  sentence.style.setProperty("--filling", colour);
  const show = (names) => {
    const same = (each) => each.names.length === names.length && each.names.every((name, index) => name === names[index]);
    const found = candidates.find(same);
    if (!found) return;
    sentence.replaceChildren(...found.sentence.map((text, index) => element(index % 2 ? "mark" : "span", text)));
    numbers.replaceChildren(
      ...found.numbers.map(({ label, value, made_of }) => {
        const box = document.createElement("div");
        box.append(element("dt", label), element("dd", value));
        if (made_of) box.append(element("dd", made_of, "made"));
        return box;
      }),
    );
  };
  show(chosen);
  const hear = ({ detail }) => detail.group === group && show(detail.names ?? chosen);
  window.removeEventListener("glassbox-candidate", ears.get(parentElement));
  ears.set(parentElement, hear);
  window.addEventListener("glassbox-candidate", hear);
  return () => window.removeEventListener("glassbox-candidate", hear);
}

function element(name, textContent, className = "") {
  return Object.assign(document.createElement(name), { textContent, className });
}

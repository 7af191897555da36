// The beam tree's replay: a slider over the recorded steps and a button that plays them. The server is told where it came to rest,
// nothing while it moves. beam_tree.py joins this file before beam_tree.js: one module.

const PACE = 420;  // milliseconds a step
const PLAY = "M4 2.5v11l9-5.5z", PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";

class Replay {
  /** `moved()` runs when another step is to be shown, `rested(step)` when it stays; null stands for the newest step. */
  constructor(root, moved, rested) {
    Object.assign(this, { moved, rested, at: null, count: 0 });
    [this.button, this.range, this.told] = ["button", "input", "output"].map((name) => root.querySelector(`.replay ${name}`));
    this.button.onclick = () => (this.timer ? this.rest() : this.play());
    this.range.oninput = () => { this.halt(); this.go(Number(this.range.value)); };
    this.range.onchange = () => this.rest();
  }

  get step() { return Math.min(this.at ?? this.count, this.count); }

  /** So many steps have been recorded. */
  take(count, words) {
    Object.assign(this, { count, words });
    this.say();
  }

  say() {
    const { step, count, words, range, button } = this, text = words.step.replace("{step}", step).replace("{count}", count);
    Object.assign(range, { min: 0, max: count, value: step, disabled: !count, ariaLabel: words.steps });
    range.setAttribute("aria-valuetext", text);
    range.style.setProperty("--done", `${count ? (step / count) * 100 : 0}%`);
    button.title = button.ariaLabel = this.timer ? words.pause : words.play;
    button.disabled = !count;
    button.querySelector("path").setAttribute("d", this.timer ? PAUSE : PLAY);
    this.told.textContent = text;
  }

  go(step) {
    this.at = step >= this.count ? null : step;
    this.say();
    this.moved();
  }

  play() {
    if (this.step >= this.count) this.go(0);
    this.timer = setInterval(() => {
      this.go(this.step + 1);
      if (this.at === null) this.rest();
    }, PACE);
    this.say();
  }

  halt() {
    clearInterval(this.timer);
    this.timer = null;
  }

  rest() {
    this.halt();
    this.say();
    this.rested(this.at);
  }
}

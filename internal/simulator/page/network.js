// How the network treats one phone: a small panel over its keys.

import { api } from "./api.js";
import { el, icon, setData, setText } from "./dom.js";

const row = (title, ...choices) => el("div", { class: "net-row", role: "group", "aria-label": title },
  el("span", { class: "net-title" }, title), el("span", { class: "net-choices" }, ...choices));

const choice = (knob, value, label, hint = "") => el("button", {
  type: "button", "data-knob": knob, "data-value": JSON.stringify(value), "aria-pressed": "false", title: hint,
}, label);

const act = (name, label, hint) => el("button", { type: "button", "data-act": name, title: hint }, label);

/** buildNetworkButton is the way to the panel; it says what is not as usual. */
export function buildNetworkButton() {
  return el("button", {
    type: "button", class: "net-button", "data-role": "net-button", "aria-expanded": "false", "aria-label": "Network and language",
    title: "Network and language",
  }, icon("signal"), el("span", { "data-role": "net-summary" }));
}

/** buildNetwork makes the panel; NetworkPanel below makes it work. */
export function buildNetwork() {
  return el("div", { class: "net", "data-role": "net", role: "group", "aria-label": "Network", hidden: "" },
    row("Phone", choice("off", false, "On"), choice("off", true, "Off", "Texts wait, M-Pesa cannot ask (1037)")),
    row("Answers take", choice("slowSeconds", 0, "0 s"), choice("slowSeconds", 3, "3 s"), choice("slowSeconds", 8, "8 s"),
      choice("slowSeconds", 12, "12 s", "The operator gives up after 10 s")),
    row("Texts", choice("lateSeconds", 0, "in time", "Texts both ways, and M-Pesa's word about payments"), choice("lateSeconds", 15, "15 s"), choice("lateSeconds", 60, "60 s late")),
    row("Each comes", choice("twice", false, "once"), choice("twice", true, "twice")),
    row("Send again", act("hop", "answer", "The last answer once more, byte for byte"), act("text", "text", "The last text once more")),
    row("Drop call", act("drop", "now"), choice("loseAnswer", true, "at next answer", "The gateway hears it; its screen is lost")),
    row("Owner reads", choice("language", "en", "English"), choice("language", "sw", "Kiswahili")));
}

export class NetworkPanel {
  /** run makes a call and shows its answer or its complaint. */
  constructor(number, parts, run) {
    this.number = number;
    this.parts = parts;
    this.run = run;
    parts["net-button"].addEventListener("click", () => this.toggle());
    parts.net.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.press(button.dataset);
    });
  }

  get open() {
    return !this.parts.net.hidden;
  }

  toggle() {
    this.parts.net.hidden = this.open;
    this.parts["net-button"].setAttribute("aria-expanded", this.open);
  }

  press({ knob, value, act: name }) {
    if (name === "drop") return this.run(() => api.drop(this.number));
    if (name) return this.run(() => api.repeat(this.number, name));
    const to = JSON.parse(value);
    if (knob === "language") return this.run(() => api.speak(this.number, to));
    const turned = knob === "loseAnswer" ? !this.network.loseAnswer : to;
    return this.run(() => api.network(this.number, { [knob]: turned }));
  }

  update({ network, language, waiting }) {
    this.network = network;
    const now = { ...network, language };
    for (const button of this.parts.net.querySelectorAll("[data-knob]")) {
      button.setAttribute("aria-pressed", now[button.dataset.knob] === JSON.parse(button.dataset.value));
    }
    const trouble = summaryOf(network, waiting);
    setText(this.parts["net-summary"], trouble);
    setData(this.parts["net-button"], "trouble", trouble !== "");
  }
}

// The one word that there is room for: the worst first.
function summaryOf({ off, slowSeconds, lateSeconds, twice, loseAnswer }, waiting) {
  if (off) return "off";
  if (loseAnswer) return "will drop";
  if (slowSeconds) return `${slowSeconds} s`;
  if (waiting) return `${waiting} late`;
  if (lateSeconds) return "late";
  return twice ? "twice" : "";
}

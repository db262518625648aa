// The contract cards: where each deal stands and who has the money.

import { isOpen, labelOf, mainStates, newestFirst, reachedStep, sideStates } from "./deal.js";
import { byRole, el, setData, setText } from "./dom.js";
import { day, money, partyName } from "./format.js";

const paymentLabels = {
  "": "Not paid yet", pending: "Payment asked for", locked: "Payment held", released: "Paid out", refunded: "Paid back", failed: "Payment failed",
};

export class Contracts {
  constructor(root) {
    this.root = root;
    this.empty = byRole("no-contracts", root);
    this.cards = new Map();
    this.chosen = "";
    this.known = 0;
  }

  update(contracts, phones) {
    const ordered = newestFirst(contracts);
    this.empty.hidden = ordered.length > 0;
    // A new deal takes the stage; otherwise the reader's choice stands.
    if (contracts.length !== this.known) this.chosen = ordered[0]?.ref ?? "";
    this.known = contracts.length;
    ordered.forEach((contract, index) => this.place(this.cardFor(contract.ref), index));
    for (const contract of ordered) fill(this.cards.get(contract.ref), contract, phones);
    this.markChosen();
  }

  cardFor(ref) {
    if (!this.cards.has(ref)) {
      const card = buildCard(ref);
      card.querySelector("button").addEventListener("click", () => this.choose(ref));
      this.cards.set(ref, card);
    }
    return this.cards.get(ref);
  }

  // Moving a node that already stands right would take the focus off it.
  place(card, index) {
    const cards = this.root.querySelectorAll(".contract");
    if (cards[index] !== card) this.root.insertBefore(card, cards[index] ?? null);
  }

  choose(ref) {
    this.chosen = ref;
    this.markChosen();
  }

  markChosen() {
    for (const [ref, card] of this.cards) {
      const chosen = ref === this.chosen;
      card.querySelector("button").setAttribute("aria-expanded", chosen);
      byRole("contract-body", card).hidden = !chosen;
    }
  }
}

function buildCard(ref) {
  return el("article", { class: "contract", "data-role": "contract", "data-ref": ref, "aria-label": `Contract ${ref}` },
    el("button", { type: "button", class: "contract-head" },
      el("span", { class: "ref" }, ref),
      el("span", { class: "item", "data-role": "item" }),
      el("span", { class: "amount", "data-role": "amount" }),
      el("span", { class: "badge", "data-role": "badge" })),
    el("div", { class: "contract-body", "data-role": "contract-body" },
      el("ol", { class: "steps", "data-role": "steps", "aria-label": "Steps" }),
      buildMoneyBar(),
      el("p", { class: "facts" },
        el("span", { "data-role": "payment" }), el("span", { "data-role": "deadline" }))));
}

function buildMoneyBar() {
  return el("div", { class: "money", "data-role": "money" },
    el("span", { class: "end buyer" }, el("b", { "data-role": "buyer" }), el("small", {}, "Buyer")),
    el("span", { class: "track" }, el("span", { class: "coin", "data-role": "coin" })),
    el("span", { class: "end seller" }, el("b", { "data-role": "seller" }), el("small", {}, "Seller")));
}

function fill(card, contract, phones) {
  const put = (role, text) => setText(byRole(role, card), text);
  setData(card, "state", contract.state);
  setData(card, "open", isOpen(contract));
  put("item", contract.item);
  put("amount", money(contract.amountCents));
  put("badge", labelOf(contract.state));
  put("buyer", partyName(contract.buyer, phones));
  put("seller", partyName(contract.seller, phones));
  put("payment", paymentLabels[contract.paymentStatus] ?? contract.paymentStatus);
  put("deadline", contract.deliverBy ? `Deliver by ${day(contract.deliverBy)}` : "");
  put("coin", coinText(contract));
  setData(byRole("money", card), "at", moneyPlace(contract));
  fillSteps(byRole("steps", card), contract);
}

/** moneyPlace tells with whom the money is: buyer, held or seller. */
function moneyPlace({ heldCents, paymentStatus }) {
  if (heldCents > 0) return "held";
  return paymentStatus === "released" ? "seller" : "buyer";
}

function coinText({ heldCents, amountCents }) {
  return heldCents > 0 ? `Held ${money(heldCents)}` : money(amountCents);
}

function fillSteps(list, contract) {
  const wanted = stepsOf(contract);
  while (list.children.length > wanted.length) list.lastChild.remove();
  while (list.children.length < wanted.length) list.append(el("li"));
  wanted.forEach(({ label, status }, index) => {
    setText(list.children[index], label);
    setData(list.children[index], "status", status);
    if (status === "now" || sideStates.has(status)) list.children[index].setAttribute("aria-current", "step");
    else list.children[index].removeAttribute("aria-current");
  });
}

// A side exit stands where the deal left the straight way. The steps after a
// dispute may still come; those after an end never will.
function stepsOf(contract) {
  const reached = reachedStep(contract);
  const side = sideStates.has(contract.state);
  const steps = mainStates.map((state, index) => ({
    label: labelOf(state),
    status: statusOf(index, reached, side || contract.state === "completed"),
  }));
  if (!side) return steps;
  const ahead = contract.state === "disputed" ? steps.slice(reached + 1) : [];
  return [...steps.slice(0, reached + 1), { label: labelOf(contract.state), status: contract.state }, ...ahead];
}

function statusOf(index, reached, past) {
  if (index < reached || (index === reached && past)) return "done";
  return index === reached ? "now" : "ahead";
}

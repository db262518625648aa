// The owner's M-Pesa wallet, which shows for a moment what came or went.

import { setText } from "./dom.js";
import { money } from "./format.js";

const SHOWN_MS = 4000;

export class Purse {
  constructor(parts) {
    this.wallet = parts.wallet;
    this.delta = parts.delta;
    this.cents = null;
  }

  update(cents) {
    const change = this.cents === null ? 0 : cents - this.cents;
    this.cents = cents;
    setText(this.wallet, money(cents));
    if (change !== 0) this.flash(change);
  }

  flash(change) {
    clearTimeout(this.timer);
    this.delta.textContent = (change > 0 ? "+" : "−") + money(Math.abs(change)).slice("Ksh ".length);
    this.wallet.parentElement.dataset.change = change > 0 ? "up" : "down";
    this.timer = setTimeout(() => {
      delete this.wallet.parentElement.dataset.change;
      this.delta.textContent = "";
    }, SHOWN_MS);
  }
}

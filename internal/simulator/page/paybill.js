// Lipa na M-PESA, Pay Bill: the form in the SIM card's menu. What M-Pesa makes of
// it comes as a text message, as on any phone.

import { setData } from "./dom.js";

const fields = ["business", "account", "amount", "bill-pin"];

export class PayBill {
  constructor(parts) {
    this.inputs = fields.map((role) => parts[role]);
    this.inputs.forEach((input, index) => input.addEventListener("focus", () => this.goTo(index)));
    this.goTo(0);
  }

  // The field that keys go to is marked: the focus may be on the phone.
  goTo(index) {
    this.current = index;
    this.inputs.forEach((input, at) => setData(input, "current", at === index));
  }

  /** input is the field that keys go to. */
  get input() {
    return this.inputs[this.current];
  }

  /** open suggests the business that this page is about, and asks for the account. */
  open(payBill) {
    const [business] = this.inputs;
    business.value ||= payBill;
    this.goTo(Math.max(0, this.firstEmpty()));
  }

  /** next goes on to the first field that is empty; false when none is. */
  next() {
    const empty = this.firstEmpty();
    if (empty < 0) return false;
    this.goTo(empty);
    this.input.focus({ preventScroll: true });
    return true;
  }

  firstEmpty() {
    return this.inputs.findIndex(({ value }) => !value.trim());
  }

  /** order is what the API wants to know. */
  get order() {
    const [business, account, amount, pin] = this.inputs.map(({ value }) => value.trim());
    return { business, account, amount, pin };
  }

  /** clear forgets a payment; its PIN always, and the rest once it was made. */
  clear(made) {
    const [, account, amount, pin] = this.inputs;
    pin.value = "";
    if (made) account.value = amount.value = "";
  }
}

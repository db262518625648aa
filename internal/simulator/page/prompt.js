// The M-Pesa dialog that the SIM card puts over whatever the phone shows.

import { setText } from "./dom.js";
import { money } from "./format.js";

const SECOND = 1000;

export class Prompt {
  constructor(parts) {
    this.parts = parts;
    this.id = null;
  }

  get open() {
    return this.id !== null;
  }

  /** update opens, changes or closes the dialog; takeFocus when its phone is in use. */
  update(prompt, takeFocus) {
    const id = prompt?.id ?? null;
    if (id === this.id) return;
    this.id = id;
    this.parts.prompt.hidden = !this.open;
    this.parts.pin.value = "";
    clearInterval(this.timer);
    if (this.open) this.show(prompt, takeFocus);
  }

  show(prompt, takeFocus) {
    setText(this.parts.pay,
      `Pay ${money(prompt.amountCents)} to ${prompt.payee}, account ${prompt.account}? Enter M-PESA PIN`);
    const expiry = new Date(prompt.expiresAt).getTime();
    const tick = () => setText(this.parts.countdown, remaining(expiry - Date.now()));
    tick();
    this.timer = setInterval(tick, SECOND);
    if (takeFocus) this.parts.pin.focus({ preventScroll: true });
  }
}

// Empty when the expiry is unknown; the server closes the dialog, not this clock.
function remaining(milliseconds) {
  if (Number.isNaN(milliseconds)) return "";
  const seconds = Math.max(0, Math.ceil(milliseconds / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

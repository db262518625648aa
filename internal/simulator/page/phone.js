// One feature phone: what its keys do and what its screen shows.

import { api } from "./api.js";
import { setData, setText } from "./dom.js";
import { money, spacedNumber } from "./format.js";
import { buildHandset, partsOf } from "./handset.js";
import { Inbox } from "./inbox.js";
import { guardFocus, keepFocus, listenToKeyboard } from "./keyboard.js";
import { NetworkPanel } from "./network.js";
import { PayBill } from "./paybill.js";
import { Prompt } from "./prompt.js";
import { Purse } from "./purse.js";

const TOAST_MS = 6000;
const SECOND = 1000;

const waitingLine = (texts) => (texts ? `\n\n${texts} ${texts === 1 ? "text waits" : "texts wait"}` : "");

export class Phone {
  /** onState takes the state that each call answers with; onUse hears which phone is in use. */
  constructor(number, skin, { onState, onUse }) {
    this.number = number;
    this.onState = onState;
    this.root = buildHandset(number, skin);
    this.parts = partsOf(this.root);
    this.inbox = new Inbox(this.parts);
    this.prompt = new Prompt(this.parts);
    this.purse = new Purse(this.parts);
    this.payBill = new PayBill(this.parts);
    this.network = new NetworkPanel(number, this.parts, (call) => this.run(call));
    this.tab = "ussd";
    this.mode = "";
    this.lineMode = "";
    this.busy = false;
    this.paying = false;
    this.dismissedEnd = false;
    // True while the line still shows the suggested code, which the first digit replaces.
    this.suggested = true;
    this.listen(onUse);
  }

  listen(onUse) {
    const { answer, green, red, erase, ok, keypad } = this.parts;
    this.root.addEventListener("focusin", onUse);
    listenToKeyboard(this);
    guardFocus(this);
    keypad.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]");
      if (key) this.type(key.dataset.key);
    });
    green.addEventListener("click", () => this.pressGreen());
    red.addEventListener("click", () => this.pressRed());
    erase.addEventListener("click", () => this.erase());
    ok.addEventListener("click", () => this.dismissEnd());
    answer.addEventListener("input", () => { this.suggested = false; });
    answer.addEventListener("focus", () => { if (this.suggested) answer.select(); });
    this.parts["tab-ussd"].addEventListener("click", () => this.showTab("ussd"));
    this.parts["tab-sms"].addEventListener("click", () => this.showTab("sms"));
    this.parts["tab-money"].addEventListener("click", () => this.showTab("money"));
    this.parts["bill-pay"].addEventListener("click", () => this.sendBill());
    this.parts["sms-send"].addEventListener("click", () => this.sendSMS());
    this.parts["pin-ok"].addEventListener("click", () => this.payPrompt());
    this.parts["pin-cancel"].addEventListener("click", () => this.cancelPrompt());
  }

  /** update shows a new state of this phone; what is being typed stays. */
  update(phone, { serviceCode, payBill }) {
    this.phone = phone;
    this.serviceCode = serviceCode;
    this.payBillNumber = payBill;
    if (phone.ussd.open) this.dismissedEnd = false;
    this.root.setAttribute("aria-label", `${phone.name}'s phone, ${spacedNumber(phone.number)}`);
    setText(this.parts.owner, phone.name);
    setData(this.parts.owner, "party", phone.role);
    this.purse.update(phone.walletCents);
    this.network.update(phone);
    this.fitName();
    this.inbox.update(phone.inbox, this.tab === "sms");
    const inUse = this.root.contains(document.activeElement);
    keepFocus(this.root, () => this.prompt.update(phone.prompt, inUse));
    this.showMode();
  }

  // A name that does not fit beside the balance is written smaller, on two lines.
  fitName() {
    const { owner, wallet } = this.parts;
    const shown = `${owner.textContent} ${wallet.textContent}`;
    if (shown === this.fitted) return;
    this.fitted = shown;
    setData(owner, "long", false);
    setData(owner, "long", owner.scrollWidth > owner.clientWidth);
  }

  /** showsEnd tells whether a finished session's last screen still has to be closed. */
  get showsEnd() {
    return this.mode === "ended";
  }

  /** suggest puts an answer into the line that is in use, as if it had been typed. */
  suggest(text) {
    const { input } = this.line();
    input.value = text;
    if (input === this.parts.answer) this.suggested = false;
    this.root.focus();
  }

  // ---- what the screen shows

  showMode() {
    keepFocus(this.root, () => this.drawMode(this.currentMode()));
  }

  drawMode(mode) {
    this.mode = mode;
    setData(this.parts.display, "mode", mode);
    setData(this.parts.display, "tab", this.tab);
    setText(this.parts.lcd, this.screenText(mode));
    this.startLine();
    const onPhone = this.tab === "ussd";
    this.parts.lcd.hidden = !onPhone;
    this.parts["answer-line"].hidden = !onPhone || mode === "ended" || mode === "off";
    this.parts.ok.hidden = !onPhone || mode !== "ended";
    this.parts.messages.hidden = this.tab !== "sms";
    this.parts.paybill.hidden = this.tab !== "money";
  }

  currentMode() {
    const { ussd, network } = this.phone;
    if (network.off) return "off";
    if (this.busy || ussd.busy) return "busy";
    if (ussd.open) return "open";
    return ussd.ended && !this.dismissedEnd ? "ended" : "idle";
  }

  screenText(mode) {
    if (mode === "busy") return `USSD code running…${this.waited()}`;
    if (mode === "off") return `Phone off${waitingLine(this.phone.waiting)}`;
    if (mode !== "idle") return this.phone.ussd.screen;
    const { name, number, walletCents } = this.phone;
    return `${name}\n${spacedNumber(number)}\n${money(walletCents)}\n\nPress ☎\uFE0E to dial`;
  }

  // A slow network shows how long it has taken.
  waited() {
    const seconds = Math.floor((Date.now() - this.busySince) / SECOND);
    return seconds > 0 ? `\n${seconds} s` : "";
  }

  // A new mode starts a new line. Being busy does not: after a failed call the
  // person finds what they typed.
  startLine() {
    if (this.mode === "busy" || this.mode === this.lineMode) return;
    this.lineMode = this.mode;
    this.resetLine();
  }

  // An idle phone suggests the service code; a session waits for an answer.
  resetLine() {
    this.suggested = this.mode === "idle";
    this.parts.answer.value = this.suggested ? this.serviceCode : "";
    this.parts.answer.placeholder = this.suggested ? "" : "Your answer";
    this.parts.lcd.scrollTop = 0;
  }

  showTab(tab) {
    this.tab = tab;
    this.parts["tab-ussd"].setAttribute("aria-pressed", tab === "ussd");
    this.parts["tab-sms"].setAttribute("aria-pressed", tab === "sms");
    this.parts["tab-money"].setAttribute("aria-pressed", tab === "money");
    this.showMode();
    if (tab === "sms") this.inbox.markRead();
    if (tab === "money") this.payBill.open(this.payBillNumber);
  }

  // ---- keys

  /** line is where keys go now, with what green and red mean for it. */
  line() {
    if (this.prompt.open) {
      return { input: this.parts.pin, green: () => this.payPrompt(), red: () => this.cancelPrompt() };
    }
    if (this.tab === "sms") {
      return { input: this.parts["sms-text"], green: () => this.sendOrCall(), red: () => this.showTab("ussd") };
    }
    if (this.tab === "money") {
      return { input: this.payBill.input, green: () => this.sendBill(), red: () => this.showTab("ussd") };
    }
    return { input: this.parts.answer, green: () => this.callOrAnswer(), red: () => this.hangUp() };
  }

  pressGreen() {
    this.line().green();
  }

  pressRed() {
    if (this.network.open) return this.network.toggle();
    this.line().red();
  }

  type(character) {
    const { input } = this.line();
    if (this.busy || this.endInTheWay(input)) return;
    const fresh = input === this.parts.answer && this.suggested;
    const text = fresh ? character : input.value + character;
    if (text.length <= input.maxLength) input.value = text;
    if (fresh) this.suggested = false;
    // Keep the end of a long line in sight.
    input.scrollLeft = input.scrollWidth;
  }

  erase() {
    const { input } = this.line();
    if (this.busy || this.endInTheWay(input)) return;
    input.value = input.value.slice(0, -1);
    if (input === this.parts.answer) this.suggested = false;
  }

  endInTheWay(input) {
    return input === this.parts.answer && this.showsEnd;
  }

  // ---- acts

  callOrAnswer() {
    if (this.showsEnd) return this.dismissEnd();
    if (this.mode === "open") return this.sendAnswer();
    const code = this.parts.answer.value.trim() || this.serviceCode;
    this.dismissedEnd = false;
    this.hop(() => api.dial(this.number, code));
  }

  sendAnswer() {
    const { answer } = this.parts;
    const text = answer.value.trim();
    if (!text) return this.toast("Type your answer first.");
    this.hop(() => api.answer(this.number, text));
  }

  hangUp() {
    if (this.showsEnd) return this.dismissEnd();
    if (this.mode === "open") return this.run(() => api.hangup(this.number));
    this.resetLine();
  }

  dismissEnd() {
    this.dismissedEnd = true;
    this.showMode();
    this.tellChange();
  }

  // What to do next depends on more than the state: on what this phone shows.
  tellChange() {
    this.root.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
  }

  // With nothing written, the green key means a call, whatever the screen shows.
  sendOrCall() {
    if (this.parts["sms-text"].value.trim()) return this.sendSMS();
    this.showTab("ussd");
    if (this.mode === "idle") this.callOrAnswer();
  }

  async sendSMS() {
    const input = this.parts["sms-text"];
    const text = input.value.trim();
    if (!text) return this.toast("Write the message first.");
    if (await this.run(() => api.sms(this.number, text))) input.value = "";
  }

  async payPrompt() {
    const pin = this.parts.pin.value.trim();
    if (!pin) return this.toast("Enter the M-Pesa PIN first.");
    // Pressed twice, it is paid once: the second would find no request any more.
    if (this.paying) return;
    this.paying = true;
    await this.run(() => api.payPrompt(this.number, pin));
    this.paying = false;
    this.parts.pin.value = "";
  }

  cancelPrompt() {
    return this.run(() => api.cancelPrompt(this.number));
  }

  // The green key goes from field to field, and pays from the last.
  async sendBill() {
    if (this.payBill.next()) return;
    const made = await this.run(() => api.payBill(this.number, this.payBill.order));
    this.payBill.clear(made);
    // There the answer is.
    if (made) this.showTab("sms");
  }

  /** hop is one round of a USSD session: the phone can do nothing else meanwhile. */
  async hop(call) {
    if (this.busy) return;
    this.setBusy(true);
    const done = await this.run(call);
    this.setBusy(false);
    if (done) this.resetLine();
  }

  setBusy(busy) {
    this.busy = busy;
    this.busySince = Date.now();
    clearInterval(this.busyTimer);
    if (busy) this.busyTimer = setInterval(() => this.showMode(), SECOND);
    setData(this.root, "busy", busy);
    this.parts.answer.readOnly = busy;
    keepFocus(this.root, () => {
      this.parts.keypad.disabled = busy;
      this.parts.controls.disabled = busy;
    });
    this.showMode();
    this.tellChange();
  }

  /** run makes a call and shows its answer; it tells whether the call succeeded. */
  async run(call) {
    try {
      this.onState(await call());
      this.toast("");
      return true;
    } catch (problem) {
      this.toast(problem.message);
      return false;
    }
  }

  toast(text) {
    const { toast } = this.parts;
    clearTimeout(this.toastTimer);
    toast.textContent = text;
    this.toastTimer = setTimeout(() => { toast.textContent = ""; }, TOAST_MS);
  }
}

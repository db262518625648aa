// The parts of one feature phone: what it is made of, not what it does.

import { byRole, el, icon } from "./dom.js";
import { buildNetwork, buildNetworkButton } from "./network.js";

const letters = {
  1: "", 2: "abc", 3: "def", 4: "ghi", 5: "jkl", 6: "mno", 7: "pqrs", 8: "tuv", 9: "wxyz",
  "*": "+", 0: "␣", "#": "⇧",
};
const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const spoken = { "*": "star", "#": "hash" };

/**
 * buildHandset makes a phone's elements. The caller finds the parts it works
 * with by their data-role.
 */
export function buildHandset(number, skin) {
  const root = el("section", {
    class: "phone", tabindex: "0", "data-number": number, "data-skin": skin % 4, "data-busy": "false",
    "aria-describedby": "keys-help",
  });
  const prompt = buildPrompt();
  root.append(
    buildTag(),
    el("div", { class: "case" },
      el("div", { class: "earpiece" }),
      el("div", { class: "maker" }, el("span", { "aria-hidden": "true" }, "rafiki"), buildNetworkButton()),
      el("div", { class: "glass" }, buildDisplay(prompt)),
      el("div", { class: "keys" }, buildControls(), buildKeypad(), buildNetwork())),
    el("p", { class: "toast", "data-role": "toast", role: "alert" }),
  );
  return root;
}

/** partsOf names the elements that a phone's behaviour works with. */
export function partsOf(root) {
  const roles = [
    "owner", "wallet", "delta", "display", "lcd", "answer-line", "answer", "ok", "messages", "inbox",
    "sms-line", "sms-text", "sms-send", "tab-ussd", "tab-sms", "tab-money", "unread",
    "paybill", "business", "account", "amount", "bill-pin", "bill-pay", "prompt", "pay", "pin",
    "pin-ok", "pin-cancel", "countdown", "green", "erase", "red", "keypad", "controls", "toast",
    "net-button", "net-summary", "net",
  ];
  return Object.fromEntries(roles.map((role) => [role, byRole(role, root)]));
}

function buildTag() {
  return el("header", { class: "tag" },
    el("span", { class: "owner", "data-role": "owner" }),
    el("span", { class: "purse" },
      el("span", { class: "purse-label" }, "M-Pesa"),
      el("output", { "data-role": "wallet", "aria-label": "Wallet balance" }),
      el("span", { class: "delta", "data-role": "delta", "aria-hidden": "true" })));
}

function buildDisplay(prompt) {
  return el("div", { class: "display", "data-role": "display" },
    el("div", { class: "bars", "aria-hidden": "true" },
      el("span", { class: "signal" }), el("span", { class: "battery" })),
    el("div", {
      class: "lcd", "data-role": "lcd", "aria-live": "polite", "aria-atomic": "true", "aria-label": "Screen",
    }),
    el("div", { class: "line", "data-role": "answer-line" },
      textLine("answer", "Number to dial or answer", 160)),
    el("button", { class: "ok", type: "button", "data-role": "ok", hidden: "" }, "OK"),
    el("div", { class: "messages", "data-role": "messages", hidden: "" },
      el("ol", { class: "inbox", "data-role": "inbox", "aria-label": "Messages", "aria-live": "polite" }),
      el("div", { class: "line", "data-role": "sms-line" },
        textLine("sms-text", "Text message", 160, "Write a reply"),
        el("button", { class: "send", type: "button", "data-role": "sms-send" }, "Send"))),
    buildPayBill(),
    el("div", { class: "softkeys" },
      el("button", { type: "button", "data-role": "tab-ussd", "aria-pressed": "true" }, "Phone"),
      el("button", { type: "button", "data-role": "tab-sms", "aria-pressed": "false" }, "Messages",
        el("span", { class: "unread", "data-role": "unread", hidden: "" })),
      el("button", { type: "button", "data-role": "tab-money", "aria-pressed": "false" }, "M-Pesa")),
    prompt);
}

function buildPayBill() {
  return el("div", { class: "paybill", "data-role": "paybill", role: "group", "aria-label": "Lipa na M-PESA, Pay Bill", hidden: "" },
    el("p", { class: "paybill-head" }, "LIPA NA M-PESA"),
    billLine("business", "Business", 7),
    billLine("account", "Account", 20),
    billLine("amount", "Amount Ksh", 6),
    billLine("bill-pin", "M-PESA PIN", 4),
    el("button", { type: "button", "data-role": "bill-pay" }, "Pay Bill"));
}

// The account takes letters too, as a real menu does; all of it is mostly digits.
function billLine(role, name, limit) {
  const mode = role === "account" ? "text" : "numeric";
  return el("label", {}, name, el("input", {
    "data-role": role, type: "text", inputmode: mode, maxlength: limit, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  }));
}

function textLine(role, label, limit, placeholder = "") {
  return el("input", {
    "data-role": role, "aria-label": label, type: "text", maxlength: limit, placeholder,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  });
}

function buildPrompt() {
  return el("div", { class: "prompt", "data-role": "prompt", role: "alertdialog", "aria-label": "M-Pesa", hidden: "" },
    el("p", { class: "prompt-head" }, "M-PESA", el("span", { "data-role": "countdown" })),
    el("p", { class: "pay", "data-role": "pay" }),
    // Not type=password: a browser would offer to save a PIN that is only a
    // prop. The style sheet masks it.
    el("input", {
      "data-role": "pin", "aria-label": "M-Pesa PIN", type: "text", inputmode: "numeric",
      maxlength: "4", autocomplete: "off",
    }),
    el("div", { class: "prompt-keys" },
      el("button", { type: "button", "data-role": "pin-ok" }, "OK"),
      el("button", { type: "button", "data-role": "pin-cancel" }, "Cancel")));
}

function buildControls() {
  return el("fieldset", { class: "controls", "data-role": "controls", "aria-label": "Call keys" },
    el("button", { type: "button", class: "key green", "data-role": "green", "aria-label": "Green key: call or send" }, icon("call")),
    el("button", { type: "button", class: "key erase", "data-role": "erase", "aria-label": "Delete last character" }, icon("back")),
    el("button", { type: "button", class: "key red", "data-role": "red", "aria-label": "Red key: end or clear" }, icon("end")));
}

// The number keys stay out of the Tab order: twelve stops a phone would bury
// the rest, and whoever tabs has the same keys on the keyboard.
function buildKeypad() {
  const keys = digits.map((digit) =>
    el("button", {
      type: "button", class: "key", tabindex: "-1", "data-key": digit, "aria-label": spoken[digit] ?? digit,
    }, el("b", {}, digit), el("small", {}, letters[digit])));
  return el("fieldset", { class: "keypad", "data-role": "keypad", "aria-label": "Number keys" }, ...keys);
}

// The live log: contract events and everything on the wire, newest first.

import { isDealEvent, labelOf } from "./deal.js";
import { el, icon, setData, setText } from "./dom.js";
import { hourMinuteSecond, partyName, phoneOf } from "./format.js";

const filters = { all: "All", sms: "SMS", money: "Money", phone: "Phone" };

// What each kind of wire entry is called, and the filter it belongs to.
const kinds = {
  ussd: { label: "USSD", group: "phone" },
  ussd_event: { label: "USSD session over", group: "phone" },
  sms_in: { label: "SMS from", group: "sms" },
  sms_out: { label: "SMS to", group: "sms" },
  dlr: { label: "Delivery report for", group: "sms" },
  stk_push: { label: "Payment asked of", group: "money" },
  stk_callback: { label: "Payment result for", group: "money" },
  stk_query: { label: "Payment looked up for", group: "money" },
  b2c: { label: "Payout to", group: "money" },
  b2c_result: { label: "Payout result for", group: "money" },
  status: { label: "Status asked for", group: "money" },
  status_result: { label: "Status result for", group: "money" },
  c2b_register: { label: "PayBill addresses registered", group: "money" },
  c2b_simulate: { label: "PayBill payment simulated for", group: "money" },
  c2b_validate: { label: "PayBill payment checked for", group: "money" },
  c2b_confirm: { label: "PayBill payment reported of", group: "money" },
  reversal: { label: "Payment to be given back to", group: "money" },
  reversal_result: { label: "Reversal result for", group: "money" },
  balance: { label: "Balances asked for", group: "money" },
  balance_result: { label: "Balances told", group: "money" },
  pull_register: { label: "Statement service registered", group: "money" },
  pull: { label: "Statement of payments", group: "money" },
  oauth: { label: "Sign-in to M-Pesa", group: "money" },
};
const moneyStates = new Set(["payment_locked", "completed", "resolved"]);
const failure = /fail|error|reject|refus|timeout|drop|no answer|^[45]\d\d\b/i;

export class Log {
  constructor(list, empty, filterBar) {
    this.list = list;
    this.empty = empty;
    this.rows = new Map();
    this.buildFilters(filterBar);
    this.show("all");
  }

  buildFilters(bar) {
    this.buttons = Object.entries(filters).map(([group, label]) => {
      const button = el("button", { type: "button", "data-filter": group }, label);
      button.addEventListener("click", () => this.show(group));
      return button;
    });
    bar.append(...this.buttons);
  }

  show(group) {
    this.list.dataset.filter = group;
    for (const button of this.buttons) button.setAttribute("aria-pressed", button.dataset.filter === group);
  }

  update({ contracts, wire, phones }) {
    const entries = [
      ...wire.filter((entry) => !toldByMessage(entry, phones)).map((entry) => wireEntry(entry, phones)),
      ...phones.flatMap(messageEntries), ...dealEntries(contracts, phones),
    ];
    entries.sort((a, b) => b.time - a.time || b.order - a.order);
    this.empty.hidden = entries.length > 0;
    this.forget(entries);
    entries.forEach((entry, index) => this.place(entry, index));
  }

  // The simulator keeps only so many wire entries; rows follow.
  forget(entries) {
    const kept = new Set(entries.map(({ key }) => key));
    for (const [key, row] of this.rows) {
      if (kept.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
  }

  place(entry, index) {
    const row = this.rows.get(entry.key) ?? buildRow(entry);
    this.rows.set(entry.key, row);
    if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    fillRow(row, entry);
  }
}

// A text that is in a phone on this page is shown with its words instead.
function toldByMessage({ kind, who, status }, phones) {
  return (kind === "sms_out" || kind === "sms_in") && status >= 200 && status < 300 && phoneOf(who, phones);
}

const delivery = { Success: "delivered", Buffered: "waiting", Sent: "sent", Sending: "sending…", Failed: "failed" };

function messageEntries({ name, number, inbox }) {
  return inbox.map(({ id, at, from, text, out, status }) => ({
    key: `text ${number} ${id}`, at, time: new Date(at).getTime(), order: 0, group: "sms", mark: "sms",
    title: `SMS ${out ? "from" : "to"} ${name}`, route: out ? "to VoicePact" : `from ${sender(from)}`,
    detail: text, status: delivery[status] ?? status,
  }));
}

const sender = (from) => (from === "MPESA" ? "M-Pesa" : "VoicePact");

function wireEntry({ id, at, to, kind, who, summary, status }, phones) {
  const { label, group } = kinds[kind] ?? { label: kind, group: "phone" };
  return {
    key: `wire ${id}`, at, time: new Date(at).getTime(), order: 0, group, mark: group,
    title: who ? `${label} ${partyName(who, phones)}` : label.replace(/ (for|of|to|from)$/, ""),
    route: route(to, group), detail: summary ?? "", status: status === 0 ? "no answer" : String(status),
  };
}

function route(to, group) {
  const provider = group === "money" ? "M-Pesa" : "Africa’s Talking";
  return to === "gateway" ? `${provider} → VoicePact` : `VoicePact → ${provider}`;
}

function dealEntries(contracts, phones) {
  return contracts.flatMap(({ ref, events }) => events.map((event, index) => ({
    key: `deal ${ref} ${index}`, at: event.at, time: new Date(event.at).getTime(),
    // Events of one instant keep the order in which they happened.
    order: index + 1,
    group: isDealEvent(event) && !moneyStates.has(event.to) ? "deal" : "money", mark: "deal",
    title: `${ref} ${dealTitle(event)}`,
    route: by(event, phones), detail: change(event), status: "",
  })));
}

// What an order to M-Pesa is called in each of its states.
const orders = {
  collect: {
    created: "Prompt ordered", submitted: "Prompt sent", accepted: "Prompt taken by M-Pesa",
    succeeded: "Paid", failed: "Payment failed", unknown: "Prompt without an answer, M-Pesa is asked",
  },
  payout: {
    created: "Payout ordered", submitted: "Payout sent", accepted: "Payout taken by M-Pesa",
    succeeded: "Paid out", failed: "Payout failed", unknown: "Payout without an answer, M-Pesa is asked",
  },
  refund: {
    created: "Refund ordered", submitted: "Refund sent", accepted: "Refund taken by M-Pesa",
    succeeded: "Paid back", failed: "Refund failed", unknown: "Refund without an answer, M-Pesa is asked",
  },
};

// An event that left the contract as it was is named by itself.
function dealTitle({ event, from, to }) {
  if (isDealEvent({ event })) return from === to ? sentence(event) : labelOf(to);
  const [order, state] = event.split(".");
  return orders[order]?.[state] ?? sentence(event);
}

function sentence(event) {
  const words = event.replaceAll("_", " ").replace(".", ": ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// The gateway's own names, for those who read its code or its audit trail. The
// states of an order are told by its words.
function change({ event, from, to }) {
  return from === to || !isDealEvent({ event }) ? "" : `${event}: ${from || "new"} → ${to}`;
}

function by({ actor, channel }, phones) {
  const who = actor ? `by ${partyName(actor, phones)}` : "";
  return [who, channel?.toUpperCase()].filter(Boolean).join(" · ");
}

function buildRow({ mark, group, at }) {
  return el("li", { class: "row", "data-group": group, "data-mark": mark },
    el("span", { class: "mark" }, icon(mark)),
    el("span", { class: "title" }),
    el("span", { class: "route" }),
    el("time", { datetime: at }, hourMinuteSecond(at)),
    el("span", { class: "detail" }),
    el("span", { class: "status" }));
}

function fillRow(row, { title, route: way, detail, status }) {
  const [, titleNode, routeNode, , detailNode, statusNode] = row.children;
  setText(titleNode, title);
  setText(routeNode, way);
  setText(detailNode, detail);
  setText(statusNode, status);
  setData(statusNode, "bad", failure.test(status));
}

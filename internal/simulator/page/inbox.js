// A phone's text messages, oldest first like a conversation, with the reply line below.

import { el, setText } from "./dom.js";
import { hourMinute } from "./format.js";

export class Inbox {
  constructor(parts) {
    this.list = parts.inbox;
    this.badge = parts.unread;
    this.rows = new Map();
    this.unread = 0;
  }

  /** update adds new messages and their delivery news; visible messages count as read. */
  update(messages, visible) {
    const fresh = messages.filter((message) => !this.rows.has(message.id));
    for (const message of fresh) this.add(message);
    for (const message of messages) this.refresh(message);
    if (fresh.length === 0) return;
    this.unread += fresh.filter((message) => !message.out).length;
    if (visible) this.markRead();
    this.showBadge();
  }

  /** markRead is called when the messages are in sight. */
  markRead() {
    this.unread = 0;
    this.showBadge();
    this.list.scrollTop = this.list.scrollHeight;
  }

  add(message) {
    const row = el("li", { class: "message", "data-direction": message.out ? "out" : "in" },
      el("span", { class: "message-head" },
        el("b", {}, message.out ? "You" : message.from),
        el("time", { datetime: message.at }, hourMinute(message.at))),
      el("span", { class: "message-text" }, message.text),
      el("span", { class: "message-status" }));
    this.rows.set(message.id, row);
    this.list.append(row);
  }

  refresh(message) {
    setText(this.rows.get(message.id).lastChild, message.out ? message.status : "");
  }

  showBadge() {
    this.badge.hidden = this.unread === 0;
    setText(this.badge, this.unread === 0 ? "" : String(this.unread));
    this.badge.setAttribute("aria-label", `${this.unread} unread`);
  }
}

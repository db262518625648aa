// The one line that always says what to do next, worked out from the state.

import { adviseAnswer } from "./advice.js";
import { isOpen, latest, newestFirst, partyToAct, waitsFor } from "./deal.js";
import { localNumber, money, partyName } from "./format.js";

/**
 * nextStep returns {text, number, fill}: the advice, the phone it concerns
 * (or ""), and what could be typed there (or ""). View holds what only the
 * page knows: lastUsed, the number of the phone used last, and ended, the
 * numbers of the phones that still show the last screen of a session.
 */
export function nextStep(state, view) {
  return promptStep(state) ?? sessionStep(state, view) ?? dealStep(state, view);
}

function step(text, phone, fill = "") {
  return { text, number: phone?.number ?? "", fill };
}

function promptStep({ phones }) {
  const phone = phones.find(({ prompt }) => prompt);
  return phone ? step(`${phone.name}: enter M-Pesa PIN ${phone.pin} and press OK.`, phone, phone.pin) : null;
}

function sessionStep(state, { lastUsed }) {
  const open = state.phones.filter(({ ussd }) => ussd.open);
  const phone = open.find(({ number }) => number === lastUsed) ?? open[0];
  if (!phone) return null;
  const turn = nextActor(state);
  const advice = adviseAnswer(phone.ussd, callerOf(phone, state, turn));
  if (!advice) return step(withoutAdvice(phone, turn), phone);
  const label = advice.label ? ` (${advice.label})` : "";
  return step(`${phone.name}: type ${advice.answer}${label}, then press the green key.`, phone, advice.answer);
}

function withoutAdvice({ name }, turn) {
  if (turn && turn.name !== name) return `${name}: press the red key to leave. It is ${turn.name}'s turn.`;
  return `${name}: type your answer, then press the green key.`;
}

// The phone that the newest waiting deal waits for.
function nextActor({ phones, contracts }) {
  return newestFirst(contracts).map((contract) => waitsFor(contract, phones)).find(Boolean);
}

function callerOf(phone, { phones, contracts }, turn) {
  const others = phones.filter((candidate) => candidate !== phone);
  const other = others.find(({ role }) => role) ?? others[0];
  const waiting = newestFirst(contracts).find((contract) => waitsFor(contract, phones) === phone);
  const ref = waiting?.ref ?? "";
  return {
    role: phone.role,
    language: phone.language,
    other: other ? localNumber(other.number) : "",
    ref,
    code: ref && releaseCode(phone.inbox, ref),
    othersTurn: Boolean(turn) && turn !== phone,
  };
}

// The code stands behind the reference in the text that asks to accept, in any
// language. A newer text replaces an older one.
function releaseCode(inbox, ref) {
  const written = new RegExp(`\\b${ref} (\\d{4})\\b`);
  const text = inbox.findLast((message) => !message.out && written.test(message.text))?.text ?? "";
  return text.match(written)?.[1] ?? "";
}

// The newest deal that waits for somebody comes first. Where none does, the one
// that moved last is told, and the way to another deal with it.
function dealStep(state, view) {
  const { contracts, phones } = state;
  const waiting = newestFirst(contracts).find((contract) => waitsFor(contract, phones));
  if (waiting) {
    const actor = waitsFor(waiting, phones);
    const told = situation(waiting, phones);
    return step(`${told.now} ${dialAnd(told.act, actor, state, view)}`, actor);
  }
  const contract = latest(contracts);
  if (!contract) return firstStep(state, view);
  const { now } = situation(contract, phones);
  if (!isOpen(contract)) return step(`${now} Dial from either phone for another deal.`);
  if (contract.state === "disputed") return anotherDeal(now, state, view);
  const absent = partyToAct(contract, phones);
  return step(absent ? `${now} It waits for ${absent}: add that phone, or dial for another deal.` : now);
}

function firstStep(state, view) {
  const seller = opener(state);
  if (!seller) return step("Add a phone to begin.");
  return step(dialAnd("offer a deal", seller, state, view), seller);
}

function anotherDeal(now, state, view) {
  const seller = opener(state);
  return step(`${now} ${dialAnd("offer another deal", seller, state, view)}`, seller);
}

// The phone from which a deal is offered; undefined when there are no phones.
function opener({ phones }) {
  return phones.find(({ role }) => /seller/i.test(role)) ?? phones[0];
}

function dialAnd(act, phone, { serviceCode }, { ended }) {
  const press = `Press the green key on ${phone.name}'s phone`;
  if (ended.includes(phone.number)) return `${press} to close the message, then again to dial and ${act}.`;
  return `${press} to dial ${serviceCode} and ${act}.`;
}

/** situation says where a deal stands (now) and what its next actor does (act). */
function situation(contract, phones) {
  const sum = money(contract.heldCents || contract.amountCents);
  const buyer = partyName(contract.buyer, phones);
  const seller = partyName(contract.seller, phones);
  switch (contract.state) {
    case "pending": return { now: "The deal is offered.", act: "agree to it" };
    case "confirmed": return paying(contract, buyer);
    case "payment_locked": return { now: "Money is held.", act: "confirm delivery" };
    case "delivered": return { now: "Delivered, money still held.", act: "confirm the goods came" };
    case "accepted": return { now: `${buyer} has the goods.`, act: "confirm delivery" };
    case "disputed": return { now: `A mediator decides about ${contract.ref}; ${sum} stays held.` };
    default: return { now: outcome(contract, sum, buyer, seller) };
  }
}

function paying({ paymentStatus }, buyer) {
  if (paymentStatus === "pending") return { now: `Wait a moment: M-Pesa asks ${buyer} for the PIN, then reports the payment.` };
  if (paymentStatus === "failed") return { now: "The payment failed; nothing was taken.", act: "pay again" };
  return { now: "Both agreed.", act: "pay" };
}

function outcome({ state, paymentStatus }, sum, buyer, seller) {
  if (paymentStatus === "released") return `Done: ${seller} was paid ${sum}.`;
  if (paymentStatus === "refunded") return `Closed: ${buyer} got ${sum} back.`;
  if (state === "completed") return `Both confirmed. ${sum} is on its way to ${seller}.`;
  return `The deal is ${state}; no money is held.`;
}

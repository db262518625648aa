// What the page knows about a contract's life.

import { phoneOf } from "./format.js";

/** mainStates is the straight way of a deal, as the stepper shows it. */
export const mainStates = ["pending", "confirmed", "payment_locked", "delivered", "completed"];

/** sideStates are the ways off it. */
export const sideStates = new Set(["disputed", "cancelled", "expired", "resolved"]);

const labels = {
  pending: "Offered", confirmed: "Agreed", payment_locked: "Money held", delivered: "Delivered",
  accepted: "Accepted", completed: "Completed",
  disputed: "Disputed", cancelled: "Cancelled", expired: "Expired", resolved: "Settled",
};

/** labelOf is the plain word for a contract state. */
export const labelOf = (state) => labels[state] ?? state;

const closedStates = new Set(["completed", "cancelled", "expired", "resolved"]);

export const isOpen = ({ state }) => !closedStates.has(state);

const startedAt = ({ events }) => new Date(events[0]?.at ?? 0).getTime();

/** newestFirst puts open deals before closed ones, the newest of each first. */
export function newestFirst(contracts) {
  return contracts.toSorted((a, b) => isOpen(b) - isOpen(a) || startedAt(b) - startedAt(a));
}

const lastMoved = ({ events }) => new Date(events.at(-1)?.at ?? 0).getTime();

/** latest is the contract to which something happened last. */
export const latest = (contracts) => contracts.toSorted((a, b) => lastMoved(b) - lastMoved(a))[0];

/**
 * isDealEvent tells an event of the contract from one of a transfer of its
 * money, "payout.accepted", whose states are other ones with the same names.
 */
export const isDealEvent = ({ event }) => !event.includes(".");

/** reachedStep is how far on the straight way a contract came, side exits or not. */
export function reachedStep({ state, events }) {
  const steps = [state, ...events.filter(isDealEvent).map(({ to }) => to)].map(stepOf);
  return Math.max(0, ...steps);
}

// Accepted is the buyer's word before the seller's.
function stepOf(state) {
  return mainStates.indexOf(state === "accepted" ? "delivered" : state);
}

/** waitsFor is the phone of the party that must act next; undefined when nobody on the page must. */
export function waitsFor(contract, phones) {
  return phoneOf(partyToAct(contract, phones), phones);
}

/** partyToAct is who must act next, "" when nobody must. */
export function partyToAct(contract, phones) {
  switch (contract.state) {
    case "pending": return offeredTo(contract, phones);
    case "payment_locked":
    case "accepted": return contract.seller;
    case "delivered": return contract.buyer;
    case "confirmed": return contract.paymentStatus === "pending" ? "" : contract.buyer;
    default: return "";
  }
}

function offeredTo({ events, buyer, seller }, phones) {
  const actor = events[0]?.actor ?? "";
  const proposer = phoneOf(actor, phones);
  if (/^seller$/i.test(actor) || (proposer && proposer === phoneOf(seller, phones))) return buyer;
  if (/^buyer$/i.test(actor) || (proposer && proposer === phoneOf(buyer, phones))) return seller;
  return "";
}

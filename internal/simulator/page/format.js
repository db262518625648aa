// How money, times and people are written on the page.

const whole = new Intl.NumberFormat("en-KE", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en-KE", { minimumFractionDigits: 2 });

// The deal happens in Kenya: screens and messages print East Africa Time, so
// the page does too, wherever the reader sits.
const clock = { timeZone: "Africa/Nairobi", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const shortClock = new Intl.DateTimeFormat("en-GB", clock);
const longClock = new Intl.DateTimeFormat("en-GB", { ...clock, second: "2-digit" });
const calendar = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Africa/Nairobi", weekday: "short", day: "numeric", month: "short",
});

/** money writes cents the way Kenyans do: Ksh 3,500, with cents only when there are any. */
export function money(amountCents) {
  const amount = amountCents / 100;
  return "Ksh " + (Number.isInteger(amount) ? whole : cents).format(amount);
}

export const hourMinute = (at) => written(shortClock, at);
export const hourMinuteSecond = (at) => written(longClock, at);
export const day = (at) => written(calendar, at);

// A missing or odd time is shown as it came: a blank would hide a fault.
function written(format, at) {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? String(at ?? "") : format.format(time);
}

/** spacedNumber makes a phone number readable: +254 700 000 001. */
export function spacedNumber(number) {
  return number.replace(/^(\+254)(\d{3})(\d{3})(\d{3})$/, "$1 $2 $3 $4");
}

/** localNumber is what people key in: +254700000001 becomes 0700000001. */
export function localNumber(number) {
  return number.replace(/^\+254/, "0");
}

/** maskedNumber is how the gateway and the wire log show a number: 0722***418. */
export function maskedNumber(number) {
  return localNumber(number).replace(/^(\d{4})\d{3}(\d{3})$/, "$1***$2");
}

// "Otieno Mbugua" is called "Otieno M." by the gateway.
function shortName(name) {
  const words = name.split(/\s+/);
  return words.length > 1 ? `${words[0]} ${words.at(-1)[0]}.` : name;
}

/**
 * phoneOf finds the simulated phone that a number or a name stands for, whole
 * or as the gateway shortens and masks it: "Otieno M. 0722***418".
 */
export function phoneOf(party, phones) {
  if (!party) return undefined;
  return phones.find(({ number, name }) => number === party || name === party)
    ?? phones.find(({ number }) => party.includes(maskedNumber(number)))
    ?? phones.find(({ name }) => shortName(name) === party);
}

/** partyName is the owner's name when the phone is on the page, else what the state says. */
export function partyName(party, phones) {
  return phoneOf(party, phones)?.name ?? party;
}

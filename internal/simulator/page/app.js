// The phones page: takes each new state and lets every part show its share.

import { api, follow } from "./api.js";
import { Contracts } from "./contracts.js";
import { byRole, setData, setText } from "./dom.js";
import { nextStep } from "./hint.js";
import { Log } from "./log.js";
import { offerNewPhone } from "./newphone.js";
import { Phone } from "./phone.js";

const phones = new Map();
const contracts = new Contracts(byRole("contracts"));
const log = new Log(byRole("log"), byRole("log-empty"), byRole("filters"));
let state = null;
let newest = 0;
let lastUsed = "";
let inSight = "";
let greeted = false;
let suggestion = { number: "", fill: "" };

// A call's answer and the stream travel apart, so an older state can arrive
// after a newer one; the version tells them apart.
function show(newState) {
  if (newState.version < newest) return;
  newest = newState.version ?? newest;
  state = newState;
  for (const data of state.phones) phoneFor(data.number).update(data, state);
  showWatched(state.watched);
  contracts.update(state.contracts, state.phones);
  log.update(state);
  showHint();
}

function phoneFor(number) {
  if (!phones.has(number)) {
    const phone = new Phone(number, phones.size, {
      onState: show,
      onUse: () => { lastUsed = number; },
    });
    phones.set(number, phone);
    byRole("phones").append(phone.root);
  }
  return phones.get(number);
}

// Without sight of the gateway's contracts there is nothing to show of them and
// no telling what comes next.
function showWatched(watched) {
  byRole("contracts").hidden = !watched;
  byRole("hint-bar").hidden = !watched;
  byRole("unwatched").hidden = watched;
}

// The advice waits for a phone that is busy: it takes no keys before its screen
// is there, and then it says so.
function showHint() {
  if (!state.watched || [...phones.values()].some((phone) => phone.busy)) return;
  const ended = [...phones.values()].filter((phone) => phone.showsEnd).map(({ number }) => number);
  suggestion = nextStep(state, { lastUsed, ended });
  setText(byRole("hint"), suggestion.text);
  byRole("hint-fill").hidden = !suggestion.fill;
  for (const [number, phone] of phones) setData(phone.root, "next", number === suggestion.number);
  bringIntoSight(suggestion.number);
  greet(suggestion.number);
}

// On a fresh page Enter already works the phone that is to begin.
function greet(number) {
  if (greeted) return;
  greeted = true;
  if (document.activeElement === document.body) phones.get(number)?.root.focus({ preventScroll: true });
}

// On a narrow window the phones lie beside each other in a strip. Whoever is
// typing is not scrolled away.
function bringIntoSight(number) {
  if (number === inSight) return;
  inSight = number;
  const strip = byRole("phones");
  const phone = phones.get(number)?.root;
  if (!phone || strip.contains(document.activeElement)) return;
  strip.scrollTo({ left: phone.offsetLeft - (strip.clientWidth - phone.offsetWidth) / 2 });
}

function showLive(live) {
  // Versions count from the start of a simulator, which may be a new one.
  if (live) newest = 0;
  document.body.dataset.live = live;
  setText(byRole("live"), live ? "Live" : "Reconnecting…");
}

byRole("hint-fill").addEventListener("click", () => phones.get(suggestion.number).suggest(suggestion.fill));
byRole("phones").addEventListener("shown", showHint);
offerNewPhone(show);
follow(show, showLive);
// The stream repeats this, but may be slow to open behind a proxy.
api.state().then((first) => { if (!state) show(first); }, () => showLive(false));

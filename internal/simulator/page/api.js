// The simulator's HTTP API. Every call answers with the whole new state.

async function request(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The simulator does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `The simulator answered ${response.status}.`);
  return answer;
}

const phonePath = (number, act) => `/sim/phones/${encodeURIComponent(number)}/${act}`;

export const api = {
  state: () => request("/sim/state"),
  addPhone: (number, name, language) => request("/sim/phones", { number, name, language }),
  dial: (number, code) => request(phonePath(number, "dial"), { code }),
  answer: (number, text) => request(phonePath(number, "answer"), { text }),
  hangup: (number) => request(phonePath(number, "hangup"), {}),
  sms: (number, text) => request(phonePath(number, "sms"), { text }),
  payPrompt: (number, pin) => request(phonePath(number, "prompt"), { pin }),
  payBill: (number, order) => request(phonePath(number, "paybill"), order),
  network: (number, change) => request(phonePath(number, "network"), change),
  drop: (number) => request(phonePath(number, "drop"), {}),
  repeat: (number, what) => request(phonePath(number, "repeat"), { what }),
  speak: (number, language) => request(phonePath(number, "language"), { language }),
  cancelPrompt: (number) => request(phonePath(number, "prompt"), { cancel: true }),
};

const RETRY_MS = 1500;

/**
 * follow keeps the state stream open for good. The browser reconnects by
 * itself after a lost connection, but gives up when the server answers with an
 * error (a restart behind a proxy), so that case is retried here.
 */
export function follow(onState, onLive) {
  const stream = new EventSource("/sim/stream");
  stream.addEventListener("open", () => onLive(true));
  stream.addEventListener("state", (event) => onState(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    onLive(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow(onState, onLive), RETRY_MS);
  });
}

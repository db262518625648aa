// What to answer to the USSD screen that is open, so that a first-time visitor
// is led through a deal. The gateway's wording changes and is in two languages,
// so nothing here reads it: a screen is known by the label that the gateway
// gives it, and a choice by its number, which is the same in every language. A
// screen that is not known gets no advice.

const choiceLine = /^(\d{1,2})[.):]\s*(.+)$/;

// The number of each choice is the gateway's; its label is read off the screen.
// In lists without references the most urgent comes first.
const answers = {
  welcome: ({ language }) => (language === "sw" ? "2" : "1"),
  waiting: ({ ref }, choices) => rowOf(ref, choices) || "1",
  menu: ({ ref, othersTurn }) => (ref ? "2" : othersTurn ? "" : "1"),
  mine: ({ ref }, choices) => rowOf(ref, choices),
  role: ({ role }) => (/buyer/i.test(role) ? "2" : "1"),
  date: () => "2",
  summary: () => "1",
  // Not of a contract that waits for the other side: its first choice may be to give up a right.
  contract: ({ ref }, choices, screen) => (ref && screen.includes(ref) ? "1" : ""),
  pay: () => "1",
  deliver: () => "1",
  accept: () => "1",
};

// Questions that want words or a number, and an answer.
const questions = {
  phone: ({ other }) => other,
  item: () => "Maize 10 bags",
  amount: () => "3500",
  code: ({ code }) => code,
};

/**
 * adviseAnswer says what to answer to a USSD screen: {answer, label}. The
 * caller is who holds the phone: {role, language, other: the other party's number, ref:
 * of the deal that waits for them, or "", code: the release code they were
 * sent for it, or "", othersTurn: whether one waits for somebody else}. Null
 * when there is nothing to say.
 */
export function adviseAnswer({ screen, label }, caller) {
  const name = nodeOf(label);
  const question = questions[name]?.(caller);
  if (question) return { answer: question, label: "" };
  const choices = screen.split("\n").map((line) => line.trim().match(choiceLine)).filter(Boolean)
    .map(([, answer, words]) => ({ answer, label: words }));
  const wanted = answers[name]?.(caller, choices, screen);
  // A number that is not on the screen was not offered this time.
  return choices.find(({ answer }) => answer === wanted) ?? null;
}

// The number of the row about a contract, "" when it is not on this page of the list.
function rowOf(ref, choices) {
  return (ref && choices.find(({ label }) => label.includes(ref))?.answer) || "";
}

// A label is "entry.screen.mark", of which only the screen matters here.
function nodeOf(label) {
  const parts = label.split(".");
  return parts[1] ?? parts[0];
}

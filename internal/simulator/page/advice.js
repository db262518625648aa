// What to answer to the USSD screen that is open, so that a first-time visitor
// is led through a deal. The wording of the screens belongs to the gateway and
// changes, so nothing here depends on a whole screen: choices are found by
// their label and their number is read off the screen, and a screen that is
// not understood gets general advice.

const choiceLine = /^(\d{1,2})[.):]\s*(.+)$/;

// Choices that carry a deal forward. Where a screen has several, its order is
// right: the gateway lists the most urgent first.
const begin = /^(english|continue|endelea)/i;
const act = new RegExp("^(" + [
  "yes", "send", "agree", "accept", "pay", "delivered", "got", "received", "confirm",
  "ndiyo", "ndio", "tuma", "kubali", "lipa", "nimepeleka", "umepokea", "nimepokea", "thibitisha",
].join("|") + ")\\b", "i");
const tomorrow = /^(tomorrow|kesho)/i;
const newContract = /^(new contract|mkataba mpya)/i;
const myContracts = /^(my contracts|mikataba)/i;

// Questions that want words or a number; what tells them apart, and an answer.
const questions = [
  { asks: /phone number|namba ya|buyer'?s phone|seller'?s phone|whose/i, answer: ({ other }) => other },
  { asks: /what is sold|sell|goods|item|bidhaa/i, answer: () => "Maize 10 bags" },
  { asks: /price|how much|bei|amount/i, answer: () => "3500" },
  { asks: /your name|jina/i, answer: ({ name }) => name },
];

/**
 * adviseAnswer says what to answer: {answer, label}. The caller is who holds
 * the phone: {name, role, other: the other party's number, ref: of the deal
 * that waits for them, or "", othersTurn: whether one waits for somebody else}.
 * Null when the screen is not understood.
 */
export function adviseAnswer(screen, caller) {
  const lines = screen.split("\n").map((line) => line.trim());
  const choices = lines.map((line) => line.match(choiceLine)).filter(Boolean)
    .map(([, answer, label]) => ({ answer, label }))
    .filter(({ answer }) => !isNavigation(answer));
  return bestChoice(choices, caller) ?? openQuestion(screen, choices, caller);
}

// 0, 00, 9 and 98 move about on every screen and never act.
function isNavigation(answer) {
  return answer === "0" || answer === "00" || answer === "9" || answer === "98";
}

function bestChoice(choices, { role, ref, othersTurn }) {
  const wanted = [begin, act, tomorrow];
  if (role) wanted.push(new RegExp(`^${role}$`, "i"));
  if (ref) wanted.push(new RegExp(`\\b${ref}\\b`), myContracts);
  else if (!othersTurn) wanted.push(newContract);
  for (const label of wanted) {
    const found = choices.find((choice) => label.test(choice.label));
    if (found) return found;
  }
  return null;
}

function openQuestion(screen, choices, caller) {
  if (choices.length > 0) return null;
  const question = questions.find(({ asks }) => asks.test(screen));
  return question ? { answer: question.answer(caller), label: "" } : null;
}

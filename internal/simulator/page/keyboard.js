// The computer's keyboard and the focus, for one phone.

/**
 * listenToKeyboard lets the keyboard work the phone that has the focus: Enter
 * is the green key, Escape the red one, and what is typed goes to its line.
 */
export function listenToKeyboard(phone) {
  phone.root.addEventListener("keydown", (event) => {
    const act = actOf(event, phone);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function actOf(event, phone) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (key === "Escape") return () => phone.pressRed();
  // A focused button and a text field know what to do with their keys.
  const onButton = target.tagName === "BUTTON";
  if (key === "Enter") return onButton ? null : () => phone.pressGreen();
  if (target.tagName === "INPUT" || (onButton && key === " ")) return null;
  if (key === "Backspace") return () => phone.erase();
  return key.length === 1 ? () => phone.type(key) : null;
}

/**
 * guardFocus keeps the focus useful under the mouse. A pressed button
 * must not keep it, or the Enter that follows would press it again instead of
 * sending; a click on the display puts it into the line in use.
 */
export function guardFocus(phone) {
  const { root, parts } = phone;
  root.addEventListener("mousedown", (event) => {
    if (!event.target.closest("button")) return;
    event.preventDefault();
    const typing = document.activeElement.tagName === "INPUT" && root.contains(document.activeElement);
    if (!typing) root.focus({ preventScroll: true });
  });
  parts.display.addEventListener("click", (event) => {
    // Selecting text to copy is not a click into the line.
    if (event.target.closest("button, input") || getSelection().toString()) return;
    phone.line().input.focus({ preventScroll: true });
  });
}

/**
 * keepFocus makes a change that may hide or disable the control in focus, and
 * then gives the focus to the phone: keyboard users must not land at the top
 * of the page.
 */
export function keepFocus(root, change) {
  const wasHere = root.contains(document.activeElement);
  change();
  const { activeElement } = document;
  const lost = activeElement === document.body || activeElement.closest("[hidden], :disabled");
  if (wasHere && lost) root.focus({ preventScroll: true });
}

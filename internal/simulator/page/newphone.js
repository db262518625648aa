// The dialog that adds a phone.

import { api } from "./api.js";
import { byRole, setText } from "./dom.js";

/** offerNewPhone wires the button and its dialog; onState takes the state with the phone added. */
export function offerNewPhone(onState) {
  const dialog = byRole("new-phone");
  const form = dialog.querySelector("form");
  const number = byRole("new-number");
  const name = byRole("new-name");
  const tell = (problem) => setText(byRole("new-problem"), problem);

  byRole("add-phone").addEventListener("click", () => {
    tell("");
    form.reset();
    dialog.showModal();
  });
  byRole("new-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      onState(await api.addPhone(number.value.trim(), name.value.trim(), form.elements.language.value));
      dialog.close();
    } catch (problem) {
      tell(problem.message);
    }
  });
}

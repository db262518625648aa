// Small helpers around the DOM. Data only ever becomes text nodes and
// attributes, never markup, so nothing a party types can run in the page.

const SVG = "http://www.w3.org/2000/svg";

/** el makes an element with attributes and children (nodes or plain text). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** byRole finds the element with a data-role, the page's stable hook. */
export function byRole(role, root = document) {
  return root.querySelector(`[data-role="${role}"]`);
}

/**
 * setText writes only what changed: a live region announces every write, and
 * a rewritten node loses the reader's text selection.
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** setData writes a data attribute only when it changes, so CSS does not restart. */
export function setData(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = value;
}

const paths = {
  call: "M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11.4 11.4 0 0 0 3.6.57 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.45.57 3.57a1 1 0 0 1-.25 1z",
  end: "M12 9c-1.6 0-3.15.25-4.6.72v3.1c0 .4-.23.74-.56.9a11 11 0 0 0-2.66 1.85 1 1 0 0 1-1.4 0L.3 13.1a1 1 0 0 1 0-1.4A16.7 16.7 0 0 1 12 7a16.7 16.7 0 0 1 11.7 4.7 1 1 0 0 1 0 1.4l-2.48 2.48a1 1 0 0 1-1.4 0 11 11 0 0 0-2.66-1.85 1 1 0 0 1-.56-.9v-3.1A15 15 0 0 0 12 9z",
  back: "M22 4H8.2a2 2 0 0 0-1.6.8L1 12l5.6 7.2a2 2 0 0 0 1.6.8H22zM11 8.4 12.4 7l3.1 3.1L18.6 7 20 8.4 16.9 11.5 20 14.6 18.6 16l-3.1-3.1-3.1 3.1-1.4-1.4 3.1-3.1z",
  sms: "M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H8l-5 4V6a2 2 0 0 1 1-2zm3 5v2h10V9zm0 4v2h7v-2z",
  phone: "M8 1h8a2 2 0 0 1 2 2v18a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V3a2 2 0 0 1 2-2zm1 4v6h6V5zm0 8v2h1.5v-2zm2.3 0v2h1.5v-2zm2.2 0v2H15v-2zM9 17v2h1.5v-2zm2.3 0v2h1.5v-2zm2.2 0v2H15v-2z",
  signal: "M2 16h3v5H2zm5.5-4h3v9h-3zM13 8h3v13h-3zm5.5-5h3v18h-3z",
  money: "M2 6h20v12H2zm3 2a1 1 0 0 1-1 1v6a1 1 0 0 1 1 1h14a1 1 0 0 1 1-1V9a1 1 0 0 1-1-1zm7 1a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
  deal: "M6 2h9l5 5v15H6zm8 1.5V8h4.5zM9 11v1.8h8V11zm0 4v1.8h8V15z",
};

/** icon draws one of the page's small pictures; it is decoration, so it is hidden from readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

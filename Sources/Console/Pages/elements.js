// Makes elements of the page. Text goes in as text, never as HTML.

/**
 * h("p", { class: "hint", onclick: f }, "text", child, …). Properties that begin with "on" are listeners; false, null and
 * undefined leave a property or child out; true sets an empty attribute.
 */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A small label in colour: tone is good, bad, warn, info or none. */
export function tag(text, tone = "none") {
  return h("strong", { class: `tag tag-${tone}` }, text);
}

/** Pairs of term and description; a pair whose description is missing is left out. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))),
  );
}

export function button(text, onclick, kind = "", properties = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...properties }, text);
}

export function link(text, href, properties = {}) {
  return h("a", { href, ...properties }, text);
}

/** Text that only screen readers say. */
export function spoken(text) {
  return h("span", { class: "spoken" }, text);
}

/**
 * A table whose rows become cards on a narrow screen.
 * columns: [{ title, cell: (row) => child }].
 */
export function table(caption, columns, rows, empty) {
  if (rows.length === 0) return h("p", { class: "nothing" }, empty);
  return h(
    "table",
    { class: "table" },
    h("caption", null, caption),
    h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column.title)))),
    h(
      "tbody",
      null,
      rows.map((row) =>
        h("tr", null, columns.map((column) => h("td", { "data-title": column.title }, h("div", null, column.cell(row))))),
      ),
    ),
  );
}

/** JSON with line breaks; what is no JSON stays as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** "2026-11-21T10:54:26.1" as people write it. */
export function when(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?/.exec(text ?? "");
  if (!parts) return text ?? "";
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = `${Number(parts[3])} ${months[Number(parts[2]) - 1]} ${parts[1]}`;
  return parts[4] ? `${day}, ${parts[4]}:${parts[5]}` : day;
}

/** "ADAM" as a name. */
export function name(first, last) {
  const proper = (text) => (text ?? "").toLowerCase().replace(/(^|[\s'-])\p{L}/gu, (letter) => letter.toUpperCase());
  return [proper(first), proper(last)].filter(Boolean).join(" ");
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

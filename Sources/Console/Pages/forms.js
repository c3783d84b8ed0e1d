// Forms by the habits of GOV.UK: a label and a hint for each field, an error beside the field and all of them in a
// summary at the top that takes the focus.

import { h, spoken } from "./elements.js";
import { Refusal } from "./calls.js";

let count = 0;

/**
 * fields: [{ name, label, hint, type: "text" | "textarea" | "select" | "radios", options: [{ value, text, hint }], value,
 *   required: "Enter a comment", pattern: /…/, problem: "Enter … in the form …", width: "short" }]. An empty select with
 *   no options is a text field.
 * send: async (values) => …, which gets only what was filled in; a `Refusal` of its is shown by the field it names.
 */
export function form({ fields, submit, send, cancel, kind = "" }) {
  const prefix = `form-${(count += 1)}`;
  const summary = h("div", { class: "error-summary", role: "alert", tabindex: "-1", hidden: true });
  const parts = fields.map((field) => part(field, `${prefix}-${field.name}`));
  const button = h("button", { type: "submit", class: `button ${kind}` }, submit);
  const element = h(
    "form",
    { novalidate: true, autocomplete: "off" },
    summary,
    parts.map((each) => each.element),
    h("p", { class: "buttons" }, button, cancel && h("a", { href: cancel }, "Cancel")),
  );

  function show(problems, general) {
    for (const each of parts) each.show(problems[each.field.name]);
    const known = parts.filter((each) => problems[each.field.name]);
    summary.hidden = known.length === 0 && !general;
    if (summary.hidden) return;
    summary.replaceChildren(
      h("h2", null, "There is a problem"),
      h(
        "ul",
        null,
        general && h("li", null, general),
        known.map((each) => h("li", null, jump(problems[each.field.name], each.focusId))),
      ),
    );
    summary.focus();
  }

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = {};
    const problems = {};
    for (const { field, read } of parts) {
      const value = read().trim();
      if (value === "" && field.required) problems[field.name] = field.required;
      else if (value !== "" && field.pattern && !field.pattern.test(value)) problems[field.name] = field.problem;
      if (value !== "") values[field.name] = value;
    }
    show(problems);
    if (Object.keys(problems).length > 0) return;
    button.disabled = true;
    try {
      await send(values);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const names = parts.filter((each) => error.fields[each.field.name]);
      show(error.fields, names.length === 0 ? error.message : undefined);
    } finally {
      button.disabled = false;
    }
  });
  return element;
}

/** A link that moves the focus and leaves the address alone. */
function jump(text, id) {
  return h(
    "a",
    {
      href: `#${id}`,
      onclick: (event) => {
        event.preventDefault();
        document.getElementById(id)?.focus();
      },
    },
    text,
  );
}

function part(field, id) {
  const isGroup = field.type === "radios";
  const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const hint = field.hint && h("p", { class: "hint", id: `${id}-hint` }, field.hint);
  const described = (shown) => [hint && `${id}-hint`, shown && `${id}-error`].filter(Boolean).join(" ");
  const { control, read, focusId } = isGroup ? radios(field, id) : input(field, id);
  const element = isGroup
    ? h("fieldset", { class: "field" }, h("legend", null, field.label), hint, error, control)
    : h("div", { class: "field" }, h("label", { for: id }, field.label), hint, error, control);
  const target = isGroup ? element : control;

  function show(text) {
    error.hidden = !text;
    error.replaceChildren(...(text ? [spoken("Error: "), text] : []));
    element.classList.toggle("wrong", Boolean(text));
    if (text && !isGroup) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    const ids = described(text);
    if (ids) target.setAttribute("aria-describedby", ids);
    else target.removeAttribute("aria-describedby");
  }
  show();
  return { field, element, read, show, focusId };
}

function input(field, id) {
  const properties = { id, name: field.name, class: field.width ?? "" };
  let control;
  if (field.type === "textarea") {
    control = h("textarea", { ...properties, rows: field.rows ?? 3, value: field.value ?? "" });
  } else if (field.options?.length > 0) {
    control = h(
      "select",
      properties,
      h("option", { value: "" }, "Choose one"),
      field.options.map((option) => h("option", { value: option.value }, option.text)),
    );
    control.value = field.value ?? "";
  } else {
    control = h("input", { ...properties, type: "text", spellcheck: "false", value: field.value ?? "" });
  }
  return { control, read: () => control.value, focusId: id };
}

function radios(field, id) {
  const control = h(
    "div",
    { class: "radios" },
    field.options.map((option, index) =>
      h(
        "div",
        { class: "radio" },
        h("input", {
          type: "radio",
          id: `${id}-${index}`,
          name: id,
          value: option.value,
          checked: option.value === field.value,
        }),
        h("label", { for: `${id}-${index}` }, option.text),
      ),
    ),
  );
  return {
    control,
    read: () => control.querySelector("input:checked")?.value ?? "",
    focusId: `${id}-0`,
  };
}

/** What the form for a prisoner number checks. */
export const prisonerNumber = {
  pattern: /^[A-Za-z]\d{4}[A-Za-z]{2}$/,
  problem: "Enter a prisoner number in the form A1234BC",
};

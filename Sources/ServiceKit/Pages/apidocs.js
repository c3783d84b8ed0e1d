"use strict";

// Shows the description of the API next to it, and lets a person try each operation with a token.

const base = new URL(location.pathname.includes("/webjars/") ? "../.." : "..", location.href.replace(/[?#].*$/, ""));

function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in made) made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// What is between backticks is shown as code.
function marked(text) {
  return text.split("`").map((part, index) => index % 2 ? element("code", {}, part) : part);
}

function schemaText(schema) {
  if (!schema) return "nothing";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map(schemaText).join(" or ");
  if (schema.enum) return "one of " + schema.enum.map((item) => item === null ? "null" : item).join(", ");
  const types = [].concat(schema.type || "anything");
  return types.map((type) => type === "array" ? "list of " + schemaText(schema.items) : type).join(" or ")
    + (schema.format ? " (" + schema.format + ")" : "");
}

function sample(schema, schemas, depth = 0) {
  if (!schema || depth > 6) return null;
  if (schema.$ref) return sample(schemas[schema.$ref.split("/").pop()], schemas, depth + 1);
  if (schema.oneOf) return sample(schema.oneOf[0], schemas, depth + 1);
  if ("example" in schema) return schema.example;
  if (schema.enum) return schema.enum[0];
  const type = [].concat(schema.type)[0];
  if (type === "object") {
    return Object.fromEntries(Object.entries(schema.properties || {})
      .map(([name, property]) => [name, sample(property, schemas, depth + 1)]));
  }
  if (type === "array") return [sample(schema.items, schemas, depth + 1)];
  return { string: "", integer: 1, number: 1, boolean: true }[type] ?? null;
}

function propertiesTable(schema) {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, property]) => element("tr", {},
    element("td", {}, element("code", {}, name), required.has(name) ? " (required)" : ""),
    element("td", {}, schemaText(property)),
    element("td", {}, ...marked(property.description || ""))));
  return element("table", {},
    element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "Property"), element("th", { scope: "col" }, "Type"),
      element("th", { scope: "col" }, "Meaning"))),
    element("tbody", {}, ...rows));
}

function field(id, parameter) {
  const schema = parameter.schema || {};
  const input = schema.enum
    ? element("select", { id }, element("option", { value: "" }, ""),
      ...schema.enum.map((choice) => element("option", { value: choice }, String(choice))))
    : element("input", { id, type: "text", autocomplete: "off", spellcheck: false });
  input.setAttribute("aria-describedby", id + "-hint");
  if (parameter.in === "path" && schema.example !== undefined) input.value = schema.example;
  const hint = [parameter.description, schemaText(schema),
    schema.default !== undefined ? "default " + JSON.stringify(schema.default) : null].filter(Boolean).join("; ");
  return element("div", { className: "field" },
    element("label", { htmlFor: id }, parameter.name + (parameter.in === "path" ? " (in the path)" : "")),
    element("p", { className: "hint", id: id + "-hint" }, ...marked(hint)), input);
}

async function tryIt(path, method, operation, id, form, output) {
  output.textContent = "Calling …";
  let target = path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters || []) {
    const input = form.querySelector("#" + CSS.escape(id + "-" + parameter.name));
    const holder = input.closest(".field");
    const missing = parameter.in === "path" && input.value === "";
    holder.classList.toggle("wrong", missing);
    input.toggleAttribute("aria-invalid", missing);
    if (missing) {
      input.focus();
      output.replaceChildren(element("p", { className: "error" }, "Enter " + parameter.name));
      return;
    }
    if (parameter.in === "path") target = target.replace("{" + parameter.name + "}", encodeURIComponent(input.value));
    else if (input.value !== "") query.append(parameter.name, input.value);
  }
  const headers = { Accept: "application/json" };
  const token = document.getElementById("token").value.trim();
  if (token) headers.Authorization = "Bearer " + token;
  const body = form.querySelector("textarea");
  if (body) headers["Content-Type"] = "application/json";
  const url = new URL(base.pathname.replace(/\/$/, "") + target + (query.size ? "?" + query : ""), location.origin);
  const started = performance.now();
  try {
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    const milliseconds = Math.round(performance.now() - started);
    output.replaceChildren(
      element("p", {}, element("strong", { className: "status" }, String(answer.status)),
        ` after ${milliseconds} ms from `, element("code", {}, url.pathname + url.search)),
      shown ? element("pre", { tabIndex: 0 }, shown) : element("p", {}, "No body."));
  } catch (error) {
    output.replaceChildren(element("p", { className: "error" }, "The call failed: " + error.message));
  }
}

function operationDetails(path, method, operation, schemas) {
  const id = "op-" + operation.operationId;
  const form = element("form", {});
  for (const parameter of operation.parameters || []) form.append(field(id + "-" + parameter.name, parameter));
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) {
    form.append(element("label", { htmlFor: id + "-body" }, "Body"),
      element("textarea", { id: id + "-body", rows: 8, spellcheck: false,
        value: JSON.stringify(sample(content.schema, schemas), null, 2) }));
  }
  form.append(element("button", { type: "submit" }, "Try it"));
  const output = element("div", { className: "output", role: "status" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tryIt(path, method, operation, id, form, output);
  });
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const type = Object.values(response.content || {})[0];
    return element("tr", {}, element("td", {}, status), element("td", {}, ...marked(response.description)),
      element("td", {}, type ? schemaText(type.schema) : "no body"));
  });
  return element("details", { id },
    element("summary", {}, element("span", { className: "method" }, method.toUpperCase()),
      element("span", { className: "path" }, path),
      element("span", { className: "summary-text" }, operation.summary)),
    element("div", {},
      ...(operation.description || "").split("\n\n").filter(Boolean).map((text) => element("p", {}, ...marked(text))),
      element("h3", {}, "Try it"), form, output,
      element("h3", {}, "Answers"),
      element("table", {}, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Status"),
        element("th", { scope: "col" }, "When"), element("th", { scope: "col" }, "Body"))),
      element("tbody", {}, ...answers))));
}

function show(description) {
  document.title = description.info.title;
  document.getElementById("title").textContent = description.info.title;
  document.getElementById("about").textContent = description.info.description + " Version " + description.info.version + ".";
  const schemas = description.components.schemas;
  const groups = new Map();
  const entries = [];
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) {
        groups.set(tag, element("section", {}, element("h2", {}, tag)));
      }
      const shown = operationDetails(path, method, operation, schemas);
      groups.get(tag).append(shown);
      entries.push({ shown, group: groups.get(tag),
        text: [method, path, operation.summary, operation.description].join(" ").toLowerCase() });
    }
  }
  document.getElementById("operations").replaceChildren(...groups.values());
  document.getElementById("schemas").replaceChildren(...Object.entries(schemas).map(([name, schema]) =>
    element("details", {}, element("summary", {}, name), element("div", {}, propertiesTable(schema)))));
  const find = document.getElementById("find");
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) entry.shown.hidden = !words.every((word) => entry.text.includes(word));
    for (const group of groups.values()) group.hidden = !entries.some((entry) => entry.group === group && !entry.shown.hidden);
    document.getElementById("count").textContent = entries.filter((entry) => !entry.shown.hidden).length + " operations";
  };
  find.addEventListener("input", filter);
  filter();
}

fetch(new URL("v3/api-docs", base.href.replace(/\/?$/, "/")), { headers: { Accept: "application/json" } })
  .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error("status " + answer.status)))
  .then(show)
  .catch((error) => {
    document.getElementById("operations").replaceChildren(
      element("p", { className: "error" }, "The description could not be loaded: " + error.message));
  });

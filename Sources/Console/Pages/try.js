// Trying a call as who is signed in.

import { raw } from "./calls.js";
import { button, h, link, pretty, tag } from "./elements.js";
import { form } from "./forms.js";
import { tell } from "./page.js";
import { session } from "./session.js";

const examples = [
  ["GET", "/prisoner/A1234BC/non-associations?includeOtherPrisons=true"],
  ["GET", "/non-associations/1"],
  ["GET", "/restricted-patients?page=0&size=20"],
  ["GET", "/constants"],
  [
    "POST",
    "/non-associations/permissions",
    {
      firstPrisonerNumber: "A1234BC",
      secondPrisonerNumber: "B2345CD",
      roles: ["PRISON", "NON_ASSOCIATIONS"],
      caseloads: ["MDI"],
    },
  ],
];

export async function tryView() {
  const answer = h("section", { "aria-live": "polite", "aria-label": "Answer" });
  const place = h("div");
  const draw = (method, path, body) => place.replaceChildren(callForm(method, path, body, answer));
  draw("GET", examples[0][1]);
  return {
    title: "Try a call",
    content: [
      who(),
      h(
        "ul",
        { class: "chips", "aria-label": "Examples" },
        examples.map(([method, path, body]) =>
          h(
            "li",
            null,
            button(`${method} ${path.split("?")[0]}`, () => draw(method, path, body && JSON.stringify(body, null, 2)), "chip"),
          ),
        ),
      ),
      place,
      answer,
      h("p", null, "Every call is described in ", link("the API documentation", "swagger-ui/index.html"), "."),
    ],
  };
}

function who() {
  const user = session();
  if (!user) return h("p", { class: "callout" }, "Without a token. ", link("Sign in", "#/sign-in"), " to send one.");
  return h(
    "p",
    null,
    `As ${user.user}. `,
    button(
      "Copy the token",
      async () => {
        await navigator.clipboard.writeText(user.token);
        tell("Token copied");
      },
      "plain",
    ),
  );
}

function callForm(method, path, body, answer) {
  return form({
    fields: [
      {
        name: "method",
        label: "Method",
        options: ["GET", "POST", "PUT", "PATCH", "DELETE"].map((value) => ({ value, text: value })),
        value: method,
        width: "short",
        required: "Choose a method",
      },
      {
        name: "path",
        label: "Path",
        value: path,
        required: "Enter a path",
        pattern: /^\/(?!\/)/,
        problem: "A path begins with one /",
      },
      { name: "body", label: "Body (optional)", type: "textarea", rows: body ? 8 : 3, value: body },
    ],
    submit: "Send",
    send: async (values) => answer.replaceChildren(...(await result(values))),
  });
}

async function result({ method, path, body }) {
  try {
    const found = await raw(method, path, { body: method === "GET" ? undefined : body });
    return [
      h(
        "h2",
        null,
        tag(String(found.status), found.status < 400 ? "good" : "bad"),
        ` in ${Math.max(1, Math.round(found.milliseconds))} ms`,
      ),
      h("pre", null, pretty(found.text) || "No body"),
    ];
  } catch {
    return [h("p", { class: "callout bad" }, "The gateway cannot be reached.")];
  }
}

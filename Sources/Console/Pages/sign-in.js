// Signing in: as a sample user, or with a token that the reader brings.

import { call, get, at } from "./calls.js";
import { button, facts, h } from "./elements.js";
import { form } from "./forms.js";
import { attempt, go, tell } from "./page.js";
import { isLocal, session, signIn, signOut } from "./session.js";

export async function signInView(_, signal) {
  const users = isLocal ? await get("/console/sample-users", signal) : [];
  const problems = h("div");
  return {
    title: isLocal ? "Sign in as" : "Sign in",
    content: [
      current(),
      problems,
      isLocal && h("p", { class: "lead" }, "These people are invented. Choose one; the token stays in this tab."),
      isLocal && h("ul", { class: "cards" }, users.map((user) => card(user, problems))),
      isLocal ? h("h2", null, "Or with a token of your own") : intro(),
      tokenForm(),
    ],
  };
}

function current() {
  const who = session();
  if (!who) return null;
  return h(
    "section",
    { class: "panel", "aria-label": "Signed in" },
    facts([
      ["Signed in as", who.user],
      ["Roles", who.roles.join(", ") || "none"],
      ["Until", who.expires?.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })],
    ]),
    button("Sign out", () => {
      signOut();
      go("#/sign-in");
    }, "quiet"),
  );
}

function card(user, problems) {
  return h(
    "li",
    { class: "card" },
    h("h2", null, user.name),
    h("p", null, user.purpose),
    h("p", { class: "hint" }, [user.username, ...user.caseloads].join(" · ")),
    button(
      "Sign in",
      () =>
        attempt(problems, async () => {
          const answer = await call("POST", at`/console/sample-users/${user.username}/token`);
          entered(answer.access_token);
        }),
      "",
      { "data-user": user.username, "aria-label": `Sign in as ${user.name}` },
    ),
  );
}

function intro() {
  return h(
    "p",
    { class: "lead" },
    "Paste an access token of HMPPS Auth. Queues and events need the queue admin role of their service; it stays in this tab and goes nowhere but to this server.",
  );
}

function tokenForm() {
  return form({
    fields: [
      {
        name: "token",
        label: "Access token",
        hint: "Three parts with dots between them, beginning with eyJ",
        type: "textarea",
        rows: 5,
        required: "Paste an access token",
        pattern: /^(Bearer\s+)?[\w-]+\.[\w-]+\.[\w-]+$/i,
        problem: "A token has three parts with dots between them",
      },
    ],
    submit: "Use this token",
    kind: isLocal ? "quiet" : "",
    send: async ({ token }) => entered(token),
  });
}

function entered(token) {
  if (!signIn(token)) {
    tell("That is no token.");
    return;
  }
  tell(`Signed in as ${session().user}`);
  go("#/");
}

// The frame of the page: which part is shown, news for screen readers, questions before something is gone.

import { button, h } from "./elements.js";
import { Refusal } from "./calls.js";
import { isLocal, session } from "./session.js";

const main = document.getElementById("main");
const news = document.getElementById("news");
let leaving = new AbortController();

/** Tells what was done, in a bar and to screen readers. */
export function tell(text) {
  news.textContent = text;
  news.classList.add("shown");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => news.classList.remove("shown"), 6000);
}

export function go(hash) {
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

/**
 * Shows a view. `view` gets a signal that ends when another is shown, and returns { title, content: [child, …] }.
 * isMove: whether the reader asked for it, so that the heading takes the focus.
 */
export async function show(view, parameters, isMove) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  main.setAttribute("aria-busy", "true");
  let shown;
  try {
    shown = await view(parameters, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refusal)) console.error(error);
    shown = problem(error);
  }
  if (signal.aborted) return;
  const heading = h("h1", { tabindex: "-1" }, shown.title);
  main.replaceChildren(heading, ...[shown.content].flat(3).filter(Boolean));
  main.removeAttribute("aria-busy");
  document.title = `${shown.title} – Gateway console`;
  if (isMove) {
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
}

function problem(error) {
  if (error instanceof Refusal && error.status === 401) return signInFirst(error.message);
  const text = error instanceof Refusal ? error.message : "Something went wrong on this page.";
  const who = session();
  return {
    title: error.status === 403 ? "Not for you" : "That did not work",
    content: [
      h("p", { class: "callout bad" }, text),
      error.status === 403 && who && h("p", null, `You are signed in as ${who.user}. `, switchLink()),
      button("Try again", () => go(location.hash), "quiet"),
    ],
  };
}

function switchLink() {
  return h("a", { href: "#/sign-in" }, isLocal ? "Sign in as somebody else" : "Sign in with another token");
}

export function signInFirst(text = "Sign in first.") {
  return {
    title: "Sign in to see this",
    content: [
      h("p", null, text),
      h("p", null, h("a", { href: "#/sign-in", class: "button" }, isLocal ? "Sign in as a sample user" : "Sign in")),
    ],
  };
}

/** Asks before something cannot be undone. Resolves to whether the answer was yes. */
export function confirm(title, text, yes) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    const answer = (value) => {
      dialog.close();
      dialog.remove();
      before?.focus?.();
      resolve(value);
    };
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title),
      h("p", null, text),
      h("p", { class: "buttons" }, button(yes, () => answer(true), "danger"), button("Cancel", () => answer(false), "quiet")),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Runs an action of a button; what the server refuses is told in `place`. */
export async function attempt(place, action) {
  place.replaceChildren();
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    place.replaceChildren(h("p", { class: "callout bad", role: "alert" }, error.message));
  }
}

// Which part of the page an address shows.

import { button, h, link } from "./elements.js";
import { show } from "./page.js";
import { isLocal, onSession, session, signOut } from "./session.js";
import { signInView } from "./sign-in.js";
import { overviewView } from "./overview.js";
import { prisonerView, prisonersView } from "./prisoners.js";
import { addView, closeView, historyView, reopenView } from "./non-associations.js";
import { patientHistoryView, patientsView, supportingPrisonView } from "./patients.js";
import { dischargeView } from "./discharge.js";
import { eventsView } from "./events.js";
import { deadLettersView, queuesView, sendView } from "./queues.js";
import { decisionsView } from "./decisions.js";
import { tryView } from "./try.js";
import { playView } from "./play.js";

const views = [
  [/^\/?$/, overviewView],
  [/^\/sign-in$/, signInView],
  [/^\/prisoners$/, prisonersView],
  [/^\/prisoners\/([^/]+)$/, prisonerView],
  [/^\/prisoners\/([^/]+)\/add$/, addView],
  [/^\/prisoners\/([^/]+)\/non-associations\/(\d+)\/close$/, closeView],
  [/^\/prisoners\/([^/]+)\/non-associations\/(\d+)\/reopen$/, reopenView],
  [/^\/prisoners\/([^/]+)\/non-associations\/(\d+)\/history$/, historyView],
  [/^\/patients$/, patientsView],
  [/^\/patients\/discharge$/, dischargeView],
  [/^\/patients\/([^/]+)\/history$/, patientHistoryView],
  [/^\/patients\/([^/]+)\/supporting-prison$/, supportingPrisonView],
  [/^\/events$/, eventsView],
  [/^\/queues$/, queuesView],
  [/^\/queues\/send$/, sendView],
  [/^\/queues\/([^/]+)$/, deadLettersView],
  [/^\/decisions$/, decisionsView],
  [/^\/try$/, tryView],
  ...(isLocal ? [[/^\/play$/, playView]] : []),
];

function path() {
  return decodeURI(location.hash.replace(/^#/, "")) || "/";
}

function markMenu() {
  const here = path();
  for (const item of document.querySelectorAll("#menu a")) {
    const target = item.hash.slice(1);
    const isHere = here === target || (target !== "/" && here.startsWith(`${target}/`));
    if (isHere) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
}

function drawWho() {
  const who = session();
  document
    .getElementById("who")
    .replaceChildren(
      ...(who
        ? [h("span", { class: "user", title: who.name }, who.user), button("Sign out", signOut, "plain")]
        : [link("Sign in", "#/sign-in")]),
    );
}

async function notFound() {
  return { title: "Page not found", content: [h("p", null, "There is nothing at this address. ", link("Overview", "#/"))] };
}

function route(isMove) {
  const here = path();
  markMenu();
  for (const [pattern, view] of views) {
    const match = pattern.exec(here);
    if (match) return show(view, match.slice(1), isMove);
  }
  return show(notFound, [], isMove);
}

document.querySelector(".skip-link").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#main h1")?.focus();
});
window.addEventListener("hashchange", () => route(true));
onSession(() => {
  drawWho();
  if (path() !== "/sign-in") route(false);
});
drawWho();
route(false);

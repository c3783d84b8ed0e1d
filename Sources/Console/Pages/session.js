// Who is signed in: a bearer token that stays in this tab.

const key = "gateway-console-token";
const listeners = new Set();
let current = read(sessionStorage.getItem(key));

/** Whether this is the profile for a laptop, with sample users. */
export const isLocal = document.documentElement.dataset.profile === "all-in-one";

/** The token's claims, as far as the page shows them. Whether it is genuine, the server says. */
function read(token) {
  if (!token) return null;
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) =>
      c.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return {
      token,
      user: claims.user_name ?? claims.sub ?? "somebody",
      name: claims.name ?? claims.user_name ?? claims.sub ?? "somebody",
      roles: (claims.authorities ?? []).map((role) => role.replace(/^ROLE_/, "")).sort(),
      expires: typeof claims.exp === "number" ? new Date(claims.exp * 1000) : null,
    };
  } catch {
    return null;
  }
}

export function session() {
  return current;
}

/** Returns false for a text that is no token. */
export function signIn(token) {
  const session = read(token.trim().replace(/^Bearer\s+/i, ""));
  if (!session) return false;
  current = session;
  sessionStorage.setItem(key, session.token);
  tell();
  return true;
}

export function signOut() {
  current = null;
  sessionStorage.removeItem(key);
  tell();
}

export function onSession(listener) {
  listeners.add(listener);
}

function tell() {
  for (const listener of listeners) listener(current);
}

export function has(role) {
  return current?.roles.includes(role) ?? false;
}

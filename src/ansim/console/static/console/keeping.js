// Keeps what somebody types: into the drafts on the server, never into the browser. And puts the
// keyboard where the page that comes back says (its #part).
"use strict";
(() => {
  const forms = () => [...document.querySelectorAll("form[data-keep]")];
  const waiting = new Map();
  const kept = new WeakMap();
  const content = (form) => {
    const fields = new FormData(form);
    fields.delete("step");
    return fields;
  };
  const said = (fields) => JSON.stringify([...fields].filter(([name]) => name !== "csrfmiddlewaretoken"));
  const save = (form, leaving = false) => {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    const fields = content(form);
    if (kept.get(form) === said(fields)) return Promise.resolve();
    kept.set(form, said(fields));
    return fetch(form.dataset.keep, { method: "POST", body: fields, credentials: "same-origin", keepalive: leaving }).catch(() => kept.delete(form));
  };
  const later = (event) => {
    const form = event.target.closest("form[data-keep]");
    if (!form) return;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => save(form), 700));
  };
  document.addEventListener("input", later);
  document.addEventListener("change", later);
  addEventListener("pagehide", () => { for (const form of waiting.keys()) save(form, true); });

  // Another button is pressed: what is typed elsewhere is kept first, then the button does its act.
  document.addEventListener("submit", (event) => {
    const others = [...waiting.keys()].filter((form) => form !== event.target && form.isConnected);
    if (!others.length || event.defaultPrevented || event.target.dataset.kept) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // htmx would send it now, and then once more
    const button = event.submitter;
    event.target.dataset.kept = "1";
    const patience = new Promise((done) => setTimeout(done, 2000));
    Promise.race([Promise.all(others.map((form) => save(form))), patience]).then(() => {
      event.target.requestSubmit(button);
      delete event.target.dataset.kept;
    });
  }, true);
  // What was sent must not come back as a draft.
  document.addEventListener("htmx:beforeRequest", (event) => {
    clearTimeout(waiting.get(event.target));
    waiting.delete(event.target);
  });
  document.addEventListener("submit", (event) => { clearTimeout(waiting.get(event.target)); waiting.delete(event.target); });

  for (const form of forms()) kept.set(form, said(content(form)));
  document.addEventListener("htmx:afterSettle", (event) => {
    const stopped = event.target.querySelector("[data-focus-here]");
    if (stopped) stopped.focus();
  });
  // Covered lines are one stop of the Tab key, however many they are: arrows go from one to the next.
  const covered = () => [...document.querySelectorAll("#thread .masked button")];
  const oneStop = () => { for (const button of covered()) button.tabIndex = -1; };
  oneStop();
  document.addEventListener("htmx:afterSettle", oneStop);
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const inside = event.target.id === "thread" || event.target.matches("#thread .line, #thread .masked button");
    if (!step || !inside) return;
    const buttons = covered();
    const at = buttons.indexOf(event.target);
    const next = at >= 0 ? buttons[at + step] : buttons.at(step > 0 ? 0 : -1);
    if (next) { event.preventDefault(); next.focus(); }
  });
  const part = location.hash && document.getElementById(location.hash.slice(1));
  if (part && !document.querySelector("[data-focus]")) {
    part.focus({ preventScroll: true });
    part.scrollIntoView({ block: "nearest" });
  }
})();

// Says in good time that this log-in is about to end, and shows the way in when it has ended, so
// that no page goes on looking alive. Asking counts as doing something only if somebody did.
"use strict";
(() => {
  const note = document.getElementById("ending");
  if (!note) return;
  const EVERY = 30_000;
  let stirred = Date.now();
  // Once: of two ways to the log-in page the first would take the words that say why.
  let leaving = false;
  const leave = () => { if (!leaving) location.reload(); leaving = true; };
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) leave(); });
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) addEventListener(kind, () => { stirred = Date.now(); }, { passive: true, capture: true });
  const ask = async (stays) => {
    const headers = stays || Date.now() - stirred < EVERY ? { "X-Ansim-Active": "1" } : {};
    let answer;
    try {
      answer = await fetch(note.dataset.left, { headers: { "HX-Request": "true", ...headers } });
    } catch {
      return; // no connection: other parts of the page say so
    }
    if (!answer.ok) return;
    const { seconds } = await answer.json();
    if (seconds <= 0) { leave(); return; }
    note.hidden = seconds > Number(note.dataset.warn);
  };
  setInterval(ask, EVERY);
  note.querySelector("button").addEventListener("click", () => ask(true));
})();

// Keeps an open page live: listens to server-sent events, fetches the parts that changed, says so
// to people who cannot see it, and shows when the connection is lost. Nothing else needs a script.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const fire = (element, name) => element && element.dispatchEvent(new CustomEvent(name, { bubbles: true }));

  // --- news -----------------------------------------------------------------------------------
  const address = document.body.dataset.events;
  const lost = $("#lost");
  let silence = null;
  const connected = () => { clearTimeout(silence); silence = null; lost.hidden = true; };
  const broken = () => { silence ??= setTimeout(() => { lost.hidden = false; }, 2500); };
  // The first news are shown at once. In a flood of them the list is fetched so that it costs the
  // server at most a twentieth of the time: fifty open queues must not keep it from a claim.
  let fetched = 0;
  let pause = 1000;
  let due = null;
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.target.id === "queue") fetched = Date.now(); });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.target.id === "queue") pause = Math.min(15_000, Math.max(1000, 20 * (Date.now() - fetched))); });
  const renew = () => { due = null; fire(document.body, "ansim:change"); };
  const heard = (alerts) => {
    const page = $("[data-live-alert]");
    if ($("#queue")) due ??= setTimeout(renew, Math.max(0, fetched + pause - Date.now()));
    if (page && (alerts.length === 0 || alerts.includes(Number(page.dataset.liveAlert)))) fire(page, "ansim:change");
  };
  let source = null;
  const listen = () => {
    source = new EventSource(address);
    source.addEventListener("open", connected);
    source.addEventListener("change", (event) => {
      const news = JSON.parse(event.data);
      heard(news.alerts);
      document.dispatchEvent(new CustomEvent("ansim:news", { detail: news }));
    });
    source.addEventListener("error", () => {
      broken();
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    });
  };
  if (address) listen();
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("htmx:sendError", broken);
  // The composer's answer says that something of this alert has changed.
  document.body.addEventListener("ansim:change", (event) => {
    if (event.target !== $("[data-live-alert]")) fire($("[data-live-alert]"), "ansim:change");
  });

  // --- what a refresh must not disturb -----------------------------------------------------------
  // Rows come and go as pages of the list shift; new is what has a higher number than any before.
  const numberOf = (row) => Number(row.dataset.alert);
  let newest = Number($("#queue [data-newest]")?.dataset.newest || 0);
  const title = document.title;
  const announce = () => {
    const queue = $("#queue");
    if (!queue) return;
    const fresh = all("[data-alert]", queue).filter((row) => numberOf(row) > newest);
    for (const row of fresh) row.classList.add("new");
    newest = Math.max(newest, Number($("[data-newest]", queue)?.dataset.newest || 0));
    const waiting = Number($("[data-waiting]", queue).dataset.waiting);
    document.title = waiting ? `(${waiting}) ${title}` : title;
    if (fresh.length) {
      const first = $(".priority", fresh[0]);
      $("#news").textContent = `${queue.dataset.one} ${first ? first.textContent.replace(/\s+/g, " ") : ""}`;
    }
  };
  let open = [];
  let atEnd = true;
  let focus = null;
  // Where the keyboard is, in words that outlive the element: the row of the list and what in it is
  // in focus (its link, or its place), so that a row that comes in between never takes the place of
  // the one that somebody is about to press.
  const FOCUSABLE = "a[href], button, input, select, summary, textarea";
  const whereabouts = () => {
    const element = document.activeElement;
    const part = element.closest("#queue, #thread, #assessment, #triage-state, #bar");
    if (!part || part === element) return part && { part: part.id };
    const row = element.closest("[data-alert]");
    return {
      part: part.id,
      alert: row && row.dataset.alert,
      row: row ? all("[data-alert]", part).indexOf(row) : -1,
      kind: element.tagName,
      link: element.getAttribute("href"),
      place: all(FOCUSABLE, row || part).indexOf(element),
    };
  };
  const again = (part) => {
    if (focus.row < 0) {
      const every = all(FOCUSABLE, part);
      return every.find((one) => focus.link && one.getAttribute("href") === focus.link) || every[focus.place] || part;
    }
    const rows = all("[data-alert]", part);
    const row = rows.find((one) => one.dataset.alert === focus.alert);
    const near = row || rows[Math.min(focus.row, rows.length - 1)];
    if (!near) return part;
    const every = all(FOCUSABLE, near);
    const same = row && (every.find((one) => focus.link && one.getAttribute("href") === focus.link) || every[focus.place]);
    return same && same.tagName === focus.kind ? same : $("a.row-link", near);
  };
  const refocus = () => {
    if (!focus || document.activeElement !== document.body) return;
    const part = document.getElementById(focus.part);
    const element = part && again(part);
    if (element) element.focus({ preventScroll: true });
  };
  // Somebody types in there (the reason for a release): leave that part alone for now.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (document.activeElement.matches("input, textarea, select") && event.target.contains(document.activeElement)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:beforeSwap", () => {
    const thread = $("#thread");
    focus = whereabouts();
    open = all("details[open][id]").map((details) => details.id);
    atEnd = !thread || thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  });
  // At once, not when htmx has settled: a key pressed in those 20 ms would begin from the top.
  const restore = () => {
    for (const id of open) { const details = document.getElementById(id); if (details) details.open = true; }
    refocus();
  };
  document.addEventListener("htmx:oobAfterSwap", restore);
  document.addEventListener("htmx:afterSwap", restore);
  document.addEventListener("htmx:afterSettle", (event) => {
    const thread = $("#thread");
    if (thread && atEnd && event.target === thread) thread.scrollTop = thread.scrollHeight;
    if (event.target.id === "composer") {
      const sent = $(".banner.success", event.target);
      const first = $("textarea, button.main", event.target);
      if (sent) {
        sent.focus({ preventScroll: true }); // the button that was pressed is gone
        if (thread) thread.scrollIntoView({ block: "nearest" });
      }
      else if (first) first.focus();
    }
    announce();
  });

  // --- the menu of a narrow screen, folded behind its button ---------------------------------------
  const menu = $(".menu-button");
  const unfold = (wide) => menu.setAttribute("aria-expanded", String(wide));
  if (menu) {
    menu.addEventListener("click", () => unfold(menu.getAttribute("aria-expanded") !== "true"));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || menu.getAttribute("aria-expanded") !== "true" || !menu.closest("header").contains(event.target)) return;
      unfold(false);
      menu.focus();
    });
  }

  // --- the composer ---------------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    const select = event.target.closest("select[data-fills]");
    const text = select && select.selectedOptions[0].dataset.text;
    if (text) document.getElementById(select.dataset.fills).value = text;
  });

  // --- files that were chosen, in the order in which they are read -----------------------------------
  const chosen = $("#chosen");
  const files = chosen && document.getElementById(chosen.dataset.for);
  if (files) {
    files.addEventListener("change", () => {
      const several = files.files.length > 1 ? [...files.files] : [];
      chosen.replaceChildren(...several.map((file) => Object.assign(document.createElement("li"), { textContent: file.name })));
    });
  }

  const thread = $("#thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
  const error = $("[data-focus]");
  if (error) error.focus();
  announce();
})();

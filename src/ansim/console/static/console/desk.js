// The desk at night: timers that run, keys for everything, and a P1 that is heard and seen even
// while another window is in front. Nothing here knows a word of a chat.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  // What somebody chose stays in this browser; where it may keep nothing, it lasts for the page.
  const kept = new Map();
  const keep = (name, value) => { kept.set(name, value); try { localStorage.setItem(`ansim.${name}`, value); } catch { /* for the page */ } };
  const recall = (name) => { try { return localStorage.getItem(`ansim.${name}`) ?? kept.get(name) ?? null; } catch { return kept.get(name) ?? null; } };

  // --- timers ---------------------------------------------------------------------------------
  const span = (seconds) => {
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  };
  const tick = () => {
    const queue = $("#queue");
    if (!queue) return;
    for (const timer of all("[data-due]", queue)) {
      const left = Number(timer.dataset.due) - Math.floor(Date.now() / 1000);
      timer.classList.toggle("late", left <= 0);
      timer.textContent = (left > 0 ? queue.dataset.left : queue.dataset.over).replace("{n}", span(Math.abs(left)));
    }
  };
  setInterval(tick, 1000);

  // --- presence: a page that refreshes itself counts only while somebody is in front of it --------
  let stirred = 0;
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) addEventListener(kind, () => { stirred = Date.now(); }, { passive: true, capture: true });
  document.addEventListener("htmx:configRequest", (event) => {
    if (Date.now() - stirred < 90_000) event.detail.headers["X-Ansim-Active"] = "1";
  });

  // --- P1: sound, desktop notice, banner ------------------------------------------------------------
  const button = $("[data-notices]");
  const wanted = () => recall("notices") === "on";
  let audio = null;
  const wake = () => {
    if (!wanted() || !window.AudioContext) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
  };
  const chime = () => {
    if (!audio || audio.state !== "running") return;
    [[880, 0], [660, 0.22], [880, 0.44]].forEach(([pitch, after]) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(0.25, from + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.2);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.22);
    });
  };
  const label = () => {
    if (!button) return;
    button.setAttribute("aria-pressed", String(wanted()));
    button.textContent = wanted() ? button.dataset.on : button.dataset.off;
  };
  if (button) button.addEventListener("click", async () => {
    keep("notices", wanted() ? "off" : "on");
    label();
    wake();
    if (wanted()) {
      if (window.Notification && Notification.permission === "default") await Notification.requestPermission();
      setTimeout(chime, 50);
    }
  });
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, wake, { passive: true });
  label();
  const banner = $("#urgent");
  const call = (number, words) => {
    const text = `${words} · ${banner.dataset.number.replace("{n}", number)}`;
    const link = $("a", banner);
    link.textContent = text;
    link.href = `/alerts/${number}/`;
    banner.hidden = false;
    banner.dataset.shown = String(number);
    if (!wanted() || recall("rang") === String(number)) return; // another page of ours rang
    keep("rang", String(number));
    wake();
    chime();
    if (window.Notification && Notification.permission === "granted") {
      const notice = new Notification(text, { tag: `ansim-${number}`, requireInteraction: true });
      notice.addEventListener("click", () => { window.focus(); location.assign(link.href); });
    }
  };
  if (banner) {
    $("button", banner).addEventListener("click", () => { banner.hidden = true; });
    document.addEventListener("ansim:news", (event) => {
      const here = $("[data-live-alert]")?.dataset.liveAlert;
      const other = (numbers) => (numbers || []).filter((number) => String(number) !== here);
      const urgent = other(event.detail.urgent);
      const escalated = "lead" in banner.dataset ? other(event.detail.escalated) : [];
      if (urgent.length) call(urgent.at(-1), banner.dataset.p1);
      else if (escalated.length) call(escalated.at(-1), banner.dataset.up);
    });
  }

  // --- keys -------------------------------------------------------------------------------------
  const help = $("#help");
  const switched = $("#keys-on");
  const keysOn = () => recall("keys") !== "off";
  if (switched) {
    switched.checked = keysOn();
    switched.addEventListener("change", () => keep("keys", switched.checked ? "on" : "off"));
  }
  for (const opener of all("[data-help]")) opener.addEventListener("click", () => help.showModal());
  const links = () => all("#queue a.row-link");
  const move = (step) => {
    const rows = links();
    if (!rows.length) return;
    const at = rows.findIndex((link) => link.closest(".row").contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    rows[next].focus();
    rows[next].closest(".row").scrollIntoView({ block: "nearest" });
  };
  const row = () => document.activeElement.closest("#queue .row");
  const escalate = () => {
    const part = $("details#escalate");
    if (part) { part.open = true; $("textarea", part).focus(); return; }
    const link = row() && $("a.row-link", row());
    if (link) location.assign(`${link.href}#escalate`);
  };
  const claim = () => {
    const press = $("#queue") ? row() && $("[data-claim]", row()) : $('#bar form[action$="/claim/"] button');
    if (press) press.click();
  };
  const search = () => {
    const field = $("#q");
    if (field) { field.focus(); field.select(); }
  };
  const keys = { j: () => move(1), k: () => move(-1), c: claim, e: escalate, "/": search, "?": () => help.showModal() };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
    if (!keysOn() && !["?", "Escape"].includes(event.key)) return;
    // Out of a field, so that the keys work again; what was typed stays.
    if (event.key === "Escape" && !help?.open && event.target.matches("input, textarea, select")) { event.target.blur(); return; }
    if (help?.open || event.target.closest("input, textarea, select, [contenteditable]")) return;
    // A Korean keyboard says ㅓ where a Latin one says j: the place of the key decides.
    const byPlace = { KeyJ: "j", KeyK: "k", KeyC: "c", KeyE: "e" }[event.code];
    const act = keys[byPlace && !event.shiftKey ? byPlace : event.key];
    if (act) { event.preventDefault(); act(); }
  });
  if (location.hash === "#escalate") escalate();
  tick();
})();

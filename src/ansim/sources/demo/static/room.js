"use strict";
// The room: hears events, shows what was said as text (never as markup), sends what is typed.
const room = new URLSearchParams(location.search).get("room");
const base = `/demo/rooms/${encodeURIComponent(room)}`;
const find = (id) => document.getElementById(id);
const log = find("log");
const shown = new Set();
let language = remembered(localStorage, "language") === "en" ? "en" : "ko";
let samples = [];
let events = null;
let playing = { sample: "", problem: "" };
let copiedTimer = 0;
let called = "";
const heardAs = { stranger: "", youth: "" };

function remembered(store, name) {
  try { return store.getItem(`ansim.${name}`); } catch { return null; }
}
function remember(store, name, value) {
  try { store.setItem(`ansim.${name}`, value); } catch { /* private mode: forget */ }
}
function word(name) {
  return WORDS[language][name];
}

function clock(at) {
  return at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

function speakLanguage() {
  document.documentElement.lang = language;
  document.title = word("page");
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
  find("text").placeholder = word("placeholder");
  log.setAttribute("aria-label", word("log"));
  const other = find("language");
  other.textContent = language === "ko" ? "English" : "한국어";
  other.lang = language === "ko" ? "en" : "ko";
  other.setAttribute("aria-label", language === "ko" ? "Switch to English" : "한국어로 바꾸기");
  for (const each of log.querySelectorAll("time")) each.textContent = clock(new Date(each.dateTime));
  for (const each of log.querySelectorAll(".voice")) each.textContent = word(`voice_${each.dataset.voice}`);
  fillSamples();
  showPlaying();
}

function fillSamples() {
  const list = find("sample");
  const chosen = list.value;
  list.replaceChildren();
  for (const sample of samples) {
    const option = document.createElement("option");
    option.value = sample.id;
    option.textContent = `${word(sample.risky ? "risky" : "ordinary")} · ${sample[`title_${language}`]}`;
    list.append(option);
  }
  if (chosen) list.value = chosen;
}

function showPlaying() {
  const sample = samples.find((each) => each.id === playing.sample);
  const status = find("replaying");
  if (playing.sample) status.textContent = word("playing") + (sample ? sample[`title_${language}`] : playing.sample);
  else status.textContent = playing.problem ? word("replay_failed") + playing.problem : "";
  find("stop").disabled = !playing.sample;
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

function show(said) {
  if (shown.has(said.id)) return;
  shown.add(said.id);
  if (said.voice in heardAs) heardAs[said.voice] = said.nickname;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const article = document.createElement("article");
  article.className = "said new";
  const own = said.voice !== "agency" && said.nickname === find("nickname").value.trim();
  if (said.voice === "agency") article.classList.add("agency");
  else if (own) article.classList.add("own");
  const head = element("p", "head", "");
  const name = element("span", "name", said.nickname);
  const voice = element("span", "voice", word(`voice_${said.voice}`));
  voice.dataset.voice = said.voice;
  const at = new Date(said.at * 1000);
  const time = element("time", "", clock(at));
  time.dateTime = at.toISOString();
  head.append(name, voice, time);
  if (said.to) {
    const alone = element("span", "alone", word("alone"));
    alone.dataset.word = "alone";
    head.append(alone);
    article.classList.add("private");
    if (said.voice === "agency") find("to-agency-line").hidden = false;
  }
  article.append(head, element("p", "bubble", said.text));
  find("empty").hidden = true;
  log.append(article);
  if (atEnd || own || said.voice === "agency") log.scrollTop = log.scrollHeight;
}

function clear() {
  for (const each of log.querySelectorAll(".said")) each.remove();
  shown.clear();
  find("to-agency-line").hidden = true;
  find("to-agency").checked = false;
  find("empty").hidden = false;
}

function listen() {
  // What is for one person alone comes to the window that speaks under their nickname.
  if (events) events.close();
  const heard = new EventSource(`${base}/events?as=${encodeURIComponent(find("nickname").value.trim())}`);
  const connection = find("connection");
  events = heard;
  events.addEventListener("open", () => { connection.hidden = true; });
  events.addEventListener("error", () => {
    connection.hidden = false;
    if (heard.readyState === EventSource.CLOSED) setTimeout(() => { if (heard === events) listen(); }, 3000);
  });
  events.addEventListener("fresh", clear);
  events.addEventListener("said", (event) => show(JSON.parse(event.data)));
  events.addEventListener("replay", (event) => { playing = JSON.parse(event.data); showPlaying(); });
}

async function post(path, body) {
  const answer = await fetch(base + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) return;
  const told = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(told.error), { code: told.error, detail: told.detail });
}

function problem(error) {
  const line = find("problem");
  if (error.code === "refused") line.textContent = word("refused") + error.detail;
  else line.textContent = word(["too_fast", "unavailable"].includes(error.code) ? error.code : "failed");
  line.hidden = false;
}

function chosenVoice() {
  return document.querySelector("input[name=voice]:checked").value;
}

async function say(event) {
  event.preventDefault();
  const box = find("text");
  const text = box.value.trim();
  const nickname = find("nickname").value.trim();
  if (!text) return;
  if (!nickname) { find("nickname").focus(); return; }
  box.value = "";
  try {
    const toAgency = !find("to-agency-line").hidden && find("to-agency").checked;
    await post("/messages", { nickname, voice: chosenVoice(), text, to_agency: toAgency });
    find("problem").hidden = true;
  } catch (error) {
    if (!box.value) box.value = text;
    problem(error);
  }
}

function chooseVoice(changed = false) {
  const voice = chosenVoice();
  const nickname = find("nickname");
  const defaults = ["ko", "en"].flatMap((tongue) =>
    ["stranger", "youth"].map((each) => WORDS[tongue][`nickname_default_${each}`]));
  // Who changes sides goes on as the one who spoke there, so that a replayed room can be answered in.
  const spoke = changed && [heardAs.stranger, heardAs.youth].includes(nickname.value);
  // The other language has names of its own, but who has spoken already stays who they are.
  const known = !changed && nickname.value && nickname.value === heardAs[voice];
  if (!known && (!nickname.value || spoke || defaults.includes(nickname.value))) {
    nickname.value = (changed && heardAs[voice]) || word(`nickname_default_${voice}`);
  }
  remember(sessionStorage, "voice", voice);
  callMyself();
}

function callMyself() {
  remember(sessionStorage, "nickname", find("nickname").value);
  if (events && find("nickname").value.trim() !== called) listen();
  called = find("nickname").value.trim();
}

async function start() {
  const voice = remembered(sessionStorage, "voice");
  if (voice === "youth") document.querySelector("input[value=youth]").checked = true;
  find("nickname").value = remembered(sessionStorage, "nickname") || "";
  if (find("nickname").value) callMyself(); else chooseVoice();
  find("link").value = location.href;
  speakLanguage();
  find("language").addEventListener("click", () => {
    language = language === "ko" ? "en" : "ko";
    remember(localStorage, "language", language);
    speakLanguage();
    chooseVoice();
  });
  for (const each of document.querySelectorAll("input[name=voice]")) each.addEventListener("change", () => chooseVoice(true));
  find("nickname").addEventListener("change", callMyself);
  find("composer").addEventListener("submit", say);
  find("text").addEventListener("keydown", (event) => {
    // While a Korean syllable is being composed, Enter belongs to the input method.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) say(event);
  });
  find("replay").addEventListener("submit", (event) => {
    event.preventDefault();
    post("/replay", { sample: find("sample").value, speed: Number(find("speed").value) }).catch(problem);
  });
  find("stop").addEventListener("click", () => post("/replay/stop", {}).catch(problem));
  find("copy").addEventListener("click", async () => {
    find("link").select();
    try {
      await navigator.clipboard.writeText(find("link").value);
      find("copy").textContent = word("copied");
      clearTimeout(copiedTimer);
      copiedTimer = setTimeout(() => { find("copy").textContent = word("copy"); }, 2000);
    } catch { /* the address is selected: Ctrl-C copies it */ }
  });
  listen();
  samples = await (await fetch("/demo/samples")).json();
  fillSamples();
}

start();

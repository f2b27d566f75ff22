// Live rows, the reader's own clock, and filters that apply themselves. Everything can be read without it.
"use strict";

const language = document.documentElement.lang;
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
const isToday = (at) => at.toDateString() === new Date().toDateString();
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

function ago(seconds) {
  if (seconds < 60) return document.body.dataset.now;
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return relative.format(-Math.floor(seconds / 3600), "hour");
  return relative.format(-Math.floor(seconds / 86400), "day");
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const full = moment.format(at);
    if ("ago" in time.dataset) {
      time.title = full;
      time.textContent = ago((Date.now() - at) / 1000);
    } else {
      time.title = full;
      time.textContent = isToday(at) ? clock.format(at) : full;
    }
  }
}

// Seconds of a UTC day on the reader's own clock.
for (const time of document.querySelectorAll("time.hour")) {
  const at = new Date(Date.UTC(2026, 0, 1) + 1000 * Number(time.dataset.second));
  time.textContent = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
}

async function fetchPage() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  tellTimes(page);
  return page;
}

// Calls `update` after changes, at most once a second, and never twice at a time.
function listen(address, wanted, update) {
  const lost = document.getElementById("lost");
  const source = new EventSource(address);
  let due = null;
  const run = async () => {
    await update().catch(() => {});
    due = null;
  };
  source.onmessage = (event) => {
    if (wanted(event.data)) due ??= setTimeout(run, 700);
  };
  source.onopen = () => { if (lost) lost.hidden = true; };
  source.onerror = () => { if (lost) lost.hidden = false; };
  addEventListener("pagehide", () => source.close());
}

function liveLog(rows) {
  const fresh = document.getElementById("fresh");
  let waiting = [];

  function arrive(row) {
    row.classList.add("arrives");
    rows.prepend(row);
    document.getElementById("empty")?.remove();
  }

  function showWaiting() {
    waiting.reverse().forEach(arrive);
    waiting = [];
    fresh.hidden = true;
  }

  fresh.addEventListener("click", () => {
    showWaiting();
    scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    rows.querySelector("a")?.focus({ preventScroll: true });
  });

  listen(rows.dataset.changes, () => true, async () => {
    const page = await fetchPage();
    document.getElementById("figures").replaceWith(page.getElementById("figures"));
    const here = new Map([...rows.children].map((row) => [row.dataset.key, row]));
    const arrived = [];
    for (const row of page.getElementById("rows").children) {
      const old = here.get(row.dataset.key);
      if (!old) arrived.push(row);
      else if (old.dataset.version !== row.dataset.version) {
        const focused = old.contains(document.activeElement);
        old.replaceWith(row);
        if (focused) row.querySelector("a").focus({ preventScroll: true });
      }
    }
    if (!("top" in rows.dataset)) return;
    const newest = rows.firstElementChild?.querySelector("time").dateTime ?? "";
    waiting = arrived.filter((row) => row.querySelector("time").dateTime >= newest);
    if (waiting.length === 0) fresh.hidden = true;
    else if (scrollY < 120) showWaiting();
    else {
      fresh.lastElementChild.textContent = fresh.dataset.words.replace("{n}", waiting.length);
      fresh.hidden = false;
    }
  });
}

// An episode reads itself again when it changes, unless somebody is writing in its form.
function liveStory() {
  const story = () => document.getElementById("story");
  const key = story().dataset.key.replace(/[\r\n]/g, " ");
  listen(story().dataset.changes, (changed) => changed === key, async () => {
    const form = story().querySelector("form.decide");
    if (form?.contains(document.activeElement)) return;
    const next = (await fetchPage()).getElementById("story");
    if (next.dataset.version !== story().dataset.version) story().replaceWith(next);
  });
}

document.cookie = `zone=${-new Date().getTimezoneOffset()}; path=/; max-age=31536000; samesite=lax`;
tellTimes(document);
setInterval(() => tellTimes(document), 30000);
for (const field of document.querySelectorAll(".fields select")) field.addEventListener("change", () => field.form.requestSubmit());
const rows = document.getElementById("rows");
if (rows) liveLog(rows);
if (document.getElementById("story")) liveStory();

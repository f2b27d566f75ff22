// Talking on the plaza, and what others say as they say it. Reading works without it.
"use strict";

const body = document.body;
const words = JSON.parse(body.dataset.words);
const posts = document.getElementById("posts");
const call = `@${body.dataset.robot}`;
const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function ago(seconds) {
  if (seconds < 60) return words.now;
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return relative.format(-Math.floor(seconds / 3600), "hour");
  return relative.format(-Math.floor(seconds / 86400), "day");
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.title = exact.format(at);
    time.textContent = ago((Date.now() - at) / 1000);
  }
}

function complain(why) {
  const toast = document.getElementById("toast");
  toast.textContent = words.failed.replace("{why}", why);
  toast.hidden = false;
  clearTimeout(complain.due);
  complain.due = setTimeout(() => { toast.hidden = true; }, 6000);
}

// Asks the plaza; complains and returns null when it says no.
async function ask(method, address, content) {
  const isForm = content instanceof FormData;
  const headers = content && !isForm ? { "Content-Type": "application/json" } : {};
  const sent = content && !isForm ? JSON.stringify(content) : content;
  const answer = await fetch(address, { method, headers, body: sent }).catch(() => null);
  if (answer?.ok) return answer.status === 204 ? {} : answer.json();
  const told = (await answer?.json().catch(() => null))?.error;
  complain(words[told?.code] ?? told?.message ?? words.offline);
  return null;
}

const articleOf = (root) => posts?.querySelector(`article[data-root="${CSS.escape(root)}"]`);

// Brings one thread up to date; what somebody is writing under it stays.
async function refresh(root) {
  const query = "whole" in posts.dataset ? "?whole" : "";
  const answer = await fetch(`/fragments/${root}${query}`).catch(() => null);
  if (answer?.status === 404 || answer?.status === 410) articleOf(root)?.remove();
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("article");
  tellTimes(fresh);
  const old = articleOf(root);
  if (!old) return arrive(fresh);
  const known = new Set([...old.querySelectorAll(".comment")].map((comment) => comment.id));
  for (const comment of fresh.querySelectorAll(".comment")) if (!known.has(comment.id)) comment.classList.add("arrives");
  const thinking = old.querySelector(".thinking");
  const answered = thinking && fresh.querySelector(`.robots[data-parent="${CSS.escape(thinking.dataset.for)}"]`);
  const focused = document.activeElement?.closest?.("[data-like], [data-answer]");
  const key = focused && old.contains(focused) ? Object.entries({ ...focused.dataset })[0] : null;
  old.querySelector(".content").replaceWith(fresh.querySelector(".content"));
  if (thinking && !answered) think(old, thinking.dataset.for, thinking);
  if (key) old.querySelector(`[data-${key[0]}="${CSS.escape(key[1])}"]`)?.focus({ preventScroll: true });
}

const waiting = [];
const button = document.getElementById("fresh");
let mine = "";

function arrive(article) {
  if (!posts || !("top" in posts.dataset)) return;
  if (scrollY > 240 && article.dataset.root !== mine) {
    if (!waiting.some((other) => other.dataset.root === article.dataset.root)) waiting.push(article);
    button.lastElementChild.textContent = words.new.replace("{n}", waiting.length);
    button.hidden = false;
    return;
  }
  document.getElementById("nobody")?.remove();
  article.classList.add("arrives");
  posts.prepend(article);
}

button?.addEventListener("click", () => {
  button.hidden = true;
  scrollTo({ top: 0, behavior: calm.matches ? "auto" : "smooth" });
  for (const article of waiting.splice(0)) if (!articleOf(article.dataset.root)) posts.prepend(article);
});

// Shows that the robot was heard, until it answers or a while has passed.
function think(article, id, row = document.getElementById("thinking").content.firstElementChild.cloneNode(true)) {
  row.dataset.for = id;
  row.querySelector("span:not(.face)").textContent = words.thinking;
  const above = document.getElementById(id);
  if (above?.classList.contains("comment")) above.after(row);
  else article.querySelector(".comments").append(row);
  setTimeout(() => row.remove(), 30000);
}

function listen() {
  const source = new EventSource(`/events?after=${body.dataset.event}`);
  const due = new Map();
  const soon = (root) => {
    if (!due.has(root)) due.set(root, setTimeout(() => { due.delete(root); refresh(root); }, 80));
  };
  source.addEventListener("post", (event) => {
    const post = JSON.parse(event.data);
    if (articleOf(post.root_id) || (post.id === post.root_id && "top" in posts.dataset)) soon(post.root_id);
  });
  source.addEventListener("gone", (event) => {
    const post = JSON.parse(event.data);
    if (post.id === post.root_id) articleOf(post.id)?.remove();
    else if (articleOf(post.root_id)) soon(post.root_id);
  });
  source.addEventListener("reset", () => location.reload());
  source.onopen = () => { document.getElementById("lost").hidden = true; };
  source.onerror = () => { document.getElementById("lost").hidden = false; };
  addEventListener("pagehide", () => source.close());
}

function insertCall(form) {
  const field = form.elements.text;
  const before = field.value.slice(0, field.selectionStart);
  const gap = before && !/\s$/.test(before) ? " " : "";
  field.setRangeText(`${gap}${call} `, field.selectionStart, field.selectionEnd, "end");
  field.focus();
}

function answerTo(article, id, name) {
  const form = article.querySelector("form.reply");
  form.dataset.to = id;
  form.querySelector(".to").hidden = !id;
  form.querySelector(".to .chip").textContent = words.to.replace("{name}", name);
  form.elements.text.focus();
}

async function send(form) {
  const isPost = form.id === "composer";
  const text = form.elements.text.value.trim();
  const file = form.elements.file?.files[0];
  if (!text && !file) return form.elements.text.focus();
  form.classList.add("busy");
  const press = form.querySelector(".button");
  press.disabled = true;
  const picture = file ? await upload(file, form.elements.alt.value) : {};
  const parent = form.dataset.to || form.dataset.parent;
  const address = isPost ? "/api/posts" : `/api/posts/${parent}/comments`;
  const post = picture && await ask("POST", address, { text, pictures: picture.id ? [picture.id] : [] });
  press.disabled = false;
  form.classList.remove("busy");
  if (!post) return;
  mine = post.root_id;
  form.reset();
  delete form.dataset.to;
  const to = form.querySelector(".to");
  if (to) to.hidden = true;
  attach(form);
  await refresh(post.root_id);
  const article = articleOf(post.root_id);
  const answered = article?.querySelector(`.robots[data-parent="${CSS.escape(post.id)}"]`);
  if (article && text.includes(call) && !answered) think(article, post.id);
}

function upload(file, alt) {
  const form = new FormData();
  form.set("file", file);
  form.set("alt", alt);
  return ask("POST", "/api/pictures", form);
}

function attach(form) {
  const frame = form.querySelector(".attached");
  if (!frame) return;
  const file = form.elements.file.files[0];
  const image = frame.querySelector("img");
  URL.revokeObjectURL(image.src);
  frame.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
}

async function like(press) {
  const on = press.getAttribute("aria-pressed") !== "true";
  const post = await ask(on ? "PUT" : "DELETE", `/api/posts/${press.dataset.like}/like`);
  if (!post) return;
  press.setAttribute("aria-pressed", String(post.liked));
  press.querySelector("use").setAttribute("href", `/look/icons.svg#${post.liked ? "heart-full" : "heart"}`);
  press.querySelector(".number").textContent = post.likes || "";
}

async function remove(id) {
  if (confirm(words.sure) && await ask("DELETE", `/api/posts/${id}`)) {
    const root = document.getElementById(id)?.closest("article").dataset.root;
    if (root === id && "whole" in posts.dataset) location.assign("/");
    else if (root) refresh(root);
  }
}

addEventListener("click", (event) => {
  const press = event.target.closest("button");
  const menu = document.querySelector(".switch[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
  if (!press) return;
  if ("like" in press.dataset) like(press);
  if ("delete" in press.dataset) remove(press.dataset.delete);
  if ("answer" in press.dataset) answerTo(press.closest("article"), press.dataset.answer, press.dataset.name);
  if ("cancel" in press.dataset) answerTo(press.closest("article"), "", "");
  if ("call" in press.dataset) insertCall(press.form);
  if ("drop" in press.dataset) { press.form.elements.file.value = ""; attach(press.form); }
});

addEventListener("submit", async (event) => {
  event.preventDefault();
  if (event.target.matches(".menu")) {
    if (await ask("POST", "/api/me", { id: event.submitter.value })) location.reload();
  } else send(event.target);
});

addEventListener("change", (event) => { if (event.target.name === "file") attach(event.target.form); });
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form?.elements.text) event.target.form.requestSubmit();
  if (event.key === "Escape") document.querySelector(".switch[open]")?.removeAttribute("open");
});

tellTimes(document);
setInterval(() => tellTimes(document), 30000);
if (posts) listen();

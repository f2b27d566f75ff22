// The queue by keyboard, live room for a reply, and a page that fetches itself again when nobody is writing on it.
"use strict";

const cards = () => [...document.querySelectorAll(".case")];
const queue = document.getElementById("queue");
let touched = false;

function tellRoom(box) {
  const room = box.form.querySelector(".room");
  if (box.dataset.room === "") return;
  const left = Number(box.dataset.room) - [...box.value.trim()].length;
  room.textContent = (left < 0 ? box.dataset.over : box.dataset.left).replace("{n}", Math.abs(left));
  room.classList.toggle("over", left < 0);
  box.form.querySelector("[value=approve]").disabled = left < 0 || box.value.trim() === "";
}

function step(by) {
  const all = cards();
  const here = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, here + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  e: (card) => card?.querySelector("textarea, .yes input[name=text]")?.focus(),
  x: (card) => {
    const no = card?.querySelector("details.no");
    if (!no) return;
    no.open = true;
    no.querySelector("input[type=radio]").focus();
  },
};

addEventListener("keydown", (event) => {
  const field = event.target.closest("textarea, input, select");
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.name === "text") {
    const approve = field.form.querySelector("[value=approve]");
    if (approve && !approve.disabled) field.form.requestSubmit(approve);
    return;
  }
  if (event.key === "Escape" && field) return field.closest(".case")?.focus();
  if (field || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key](document.activeElement.closest(".case") ?? cards()[0]);
});

for (const box of document.querySelectorAll("textarea[data-room]")) {
  tellRoom(box);
  box.addEventListener("input", () => tellRoom(box));
}
for (const tick of document.querySelectorAll("[data-like]")) {
  tick.addEventListener("change", () => {
    for (const other of tick.form.querySelectorAll("[name=like]")) other.disabled = !tick.checked;
  });
}
queue.addEventListener("input", () => { touched = true; });
// A decision is sent once, however often somebody presses.
addEventListener("submit", (event) => {
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});
listen(queue.dataset.changes, () => true, async () => {
  if (touched || document.querySelector("details.no[open]")) return;
  const page = await fetchPage();
  if (page.getElementById("queue").dataset.count !== queue.dataset.count) location.reload();
});

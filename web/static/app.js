// What makes the site quicker to use. Every page works without it.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// Times: the server writes UTC, the reader sees their own zone.

const near = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const spans = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

function fromNow(at) {
	const seconds = (at - Date.now()) / 1000;
	for (const [unit, size] of spans) {
		if (Math.abs(seconds) >= size) return near.format(Math.trunc(seconds / size), unit);
	}
	return near.format(0, "minute");
}

function localise(root) {
	for (const t of $$("time[datetime]", root)) {
		const at = new Date(t.dateTime);
		if (isNaN(at)) continue;
		t.title = `${exact.format(at)} (${t.dateTime})`;
		t.textContent = "ago" in t.dataset ? fromNow(at) : day.format(at);
	}
}

localise(document);
setInterval(() => localise(document), 30_000);

// Notices: what was done stays a while, what was said by the page is read out.

function say(text) {
	const p = document.createElement("p");
	p.className = "notice";
	p.textContent = text;
	$("#said").replaceChildren(p);
	setTimeout(() => p.remove(), 8000);
}

for (const p of $$("#said .notice")) setTimeout(() => p.remove(), 8000);
$("[data-focus]")?.focus();
for (const field of $$("[data-select]")) field.addEventListener("focus", () => field.select());

// Dialogs and keys.

for (const button of $$("[data-opens]")) {
	button.hidden = false;
	button.addEventListener("click", () => $("#" + button.dataset.opens).showModal());
}

const keysOn = $("#keys-on");
const stored = "helpdesk-keys";
if (keysOn) {
	keysOn.checked = localStorage.getItem(stored) !== "off";
	keysOn.addEventListener("change", () => localStorage.setItem(stored, keysOn.checked ? "on" : "off"));
}

const typing = (e) => e.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (e) => {
	if (!keysOn?.checked || e.ctrlKey || e.metaKey || e.altKey || typing(e) || $("dialog[open]")) return;
	if (e.key === "?") $("#help").showModal();
	else if (!press(e.key)) return;
	e.preventDefault();
});

// press does what an element of the page has the key for.
function press(key) {
	const target = $(`[data-key="${CSS.escape(key)}"]`);
	if (!target) return false;
	if (target.matches("input:not([type=checkbox]), textarea, select")) target.focus();
	else target.click();
	return true;
}

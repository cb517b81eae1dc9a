// What makes the site quicker to use. Every page works without it.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// Times: the server writes UTC, the reader sees their own zone.

// The pages are in English, so their times are: in the reader's, where they have one.
const english = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";
const near = new Intl.RelativeTimeFormat(english, { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat(english, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(english, { dateStyle: "full", timeStyle: "long" });
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

$("[data-focus]")?.focus();
for (const field of $$("[data-select]")) field.addEventListener("focus", () => field.select());

// A filter that is chosen stands in view, where the row of filters is cut off.
for (const a of $$(".group [aria-current]")) a.closest("ul").scrollLeft = a.offsetLeft - 24;

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
	if (e.key === "Escape" && typing(e)) e.target.blur();
	if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target.matches?.("textarea")) e.target.form.requestSubmit($(".primary", e.target.form));
	if (!keysOn?.checked || e.ctrlKey || e.metaKey || e.altKey || typing(e) || $("dialog[open]")) return;
	if (e.key === "?") $("#help").showModal();
	else if (!alongRows(e.key) && !press(e.key)) return;
	e.preventDefault();
});

// alongRows moves the focus along the list, and opens or ticks the row it is on.
function alongRows(key) {
	const rows = $$("[data-row]");
	if (!rows.length || !"jkox".includes(key)) return false;
	const at = rows.findIndex((a) => a.closest("tr").contains(document.activeElement));
	if (key === "j" || key === "k") {
		const to = at < 0 ? (key === "j" ? 0 : rows.length - 1) : at + (key === "j" ? 1 : -1);
		rows[Math.min(Math.max(to, 0), rows.length - 1)].focus();
	} else if (at < 0) return false;
	else if (key === "o") rows[at].click();
	else $("input[name=ticket]", rows[at].closest("tr"))?.click();
	return true;
}

// press does what an element of the page has the key for.
function press(key) {
	const target = $(`[data-key="${CSS.escape(key)}"]`);
	if (!target) return false;
	if (target.matches("input:not([type=checkbox]), textarea, select")) target.focus();
	else target.click();
	return true;
}

// Bulk actions: tick all, count what is ticked, ask for a name where one is needed.

const bulk = $("#bulk");

function showTicked() {
	const label = $("[data-ticked]");
	if (!label) return;
	const n = $$("input[name=ticket]:checked").length;
	$(".bulk-bar").hidden = !n;
	label.textContent = n ? `With ${n} selected` : "With selected";
	const all = $("[data-ticks]");
	const boxes = $$("input[name=ticket]");
	all.hidden = false;
	all.checked = n > 0 && n === boxes.length;
	all.indeterminate = n > 0 && n < boxes.length;
}

function showNamed() {
	for (const field of $$("[data-shown-for]", bulk)) field.hidden = $("[name=do]", bulk).value !== field.dataset.shownFor;
}

bulk?.addEventListener("change", (e) => {
	if (e.target.matches("[data-ticks]")) for (const box of $$("input[name=ticket]")) box.checked = e.target.checked;
	showTicked();
	showNamed();
});
if (bulk) {
	showTicked();
	showNamed();
}

// A form is sent once, however often its button is pressed at once. Nobody is told
// when a request is stopped: after a while it may be sent again.

const once = 3000; // milliseconds
let leaving = false;

document.addEventListener("submit", (e) => {
	const form = e.target;
	if (form.method !== "post" || e.defaultPrevented) return;
	if ("stays" in form.dataset) return; // answers with a file: the page stays
	if (form.dataset.sent) return e.preventDefault();
	form.dataset.sent = "yes";
	leaving = true;
	setTimeout(stayed, once);
});

function stayed() {
	leaving = false;
	for (const form of $$("form[data-sent]")) delete form.dataset.sent;
}

addEventListener("pageshow", (e) => e.persisted && stayed());

// Live: what happens to tickets is told by the server as it happens. The page
// is then asked for again, and what differs in its live parts is changed in
// place: focus, scrolling, ticks and what somebody is typing stay.

const live = $$("[data-live], [data-again]");
const only = $("[data-live-ticket]")?.dataset.liveTicket;
let source, wanted, refreshing;

function listen() {
	if (source || document.hidden) return;
	source = new EventSource("/api/events/stream/");
	source.onopen = refresh; // what happened since the page was made was told to nobody
	for (const type of kinds) source.addEventListener(type, heard);
}

const kinds = [
	"opened", "retitled", "described", "prioritised", "assigned", "unassigned", "started", "resolved", "closed",
	"reopened", "returned", "escalated", "deleted", "restored", "comment_added", "comment_edited", "comment_removed", "text_redacted",
].map((kind) => "ticket." + kind);

function heard(e) {
	const event = JSON.parse(e.data);
	if (only && String(event.ticket_number) !== only) return;
	refresh();
}

// refresh loads soon, once for all that is heard meanwhile, and once more for
// what is heard while it loads.
async function refresh() {
	wanted = true;
	if (refreshing) return;
	refreshing = true;
	while (wanted) {
		await new Promise((go) => setTimeout(go, 250));
		wanted = false;
		await load().catch(() => {}); // the next event tries again
	}
	refreshing = false;
}

// load brings the live parts to what the page's address answers now.
async function load() {
	if (leaving) return;
	const at = location.href;
	const answer = await fetch(at).catch(() => null);
	if (!answer?.ok || leaving || at !== location.href) return;
	const next = new DOMParser().parseFromString(await answer.text(), "text/html");
	if (!live.some((part) => next.getElementById(part.id))) return; // signed out meanwhile
	localise(next);
	seen(next);
	for (const part of live) {
		const fresh = next.getElementById(part.id);
		if (fresh) renew(part, fresh);
	}
	const box = $("#reply");
	if (box) box.hidden = !next.querySelector("#reply form");
	showTicked();
}

// renew has a part become what it is now. A form keeps the version it was made from
// where what somebody is changing in it was changed meanwhile.
function renew(part, fresh) {
	const versions = $$("form", part).map((form) => [form, form.elements.version?.value]);
	become(part, fresh);
	for (const [form, version] of versions) if (form.dataset.overtaken) form.elements.version.value = version;
}

// stand gives a field the value that stands now, unless somebody has changed it.
function stand(field, fresh) {
	const [value, stands] = field.type === "radio" ? ["checked", "defaultChecked"] : ["value", "defaultValue"];
	if (field[stands] === fresh[stands]) return;
	if (field[value] === field[stands]) field[value] = fresh[stands];
	else if (field.form) field.form.dataset.overtaken = "yes";
	field[stands] = fresh[stands];
}

// become makes the children of now those of next. Elements with an id are the
// same element wherever they stand; others are, by their place and kind.
function become(now, next) {
	for (const { name, value } of [...next.attributes]) {
		if (now.getAttribute(name) !== value && !(name === "hidden" || name === "open")) now.setAttribute(name, value);
	}
	let at = now.firstChild;
	for (const child of [...next.childNodes]) {
		const same = child.id ? [...now.children].find((c) => c.id === child.id) : at && alike(at, child) ? at : null;
		if (!same) {
			if (child.id) child.classList.add("fresh-row");
			now.insertBefore(child, at);
			continue;
		}
		if (same === at) at = at.nextSibling;
		else now.insertBefore(same, at);
		if (same.nodeType === Node.TEXT_NODE) {
			if (same.data !== child.data) same.data = child.data;
		} else if (same.matches("input:not([type=hidden], [type=checkbox]), textarea")) stand(same, child);
		else if (!same.isEqualNode(child) && !same.matches("select:not(:has(option:first-child:checked)), [data-kept]")) become(same, child);
	}
	while (at) {
		const gone = at;
		at = at.nextSibling;
		gone.remove();
	}
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && !a.id;

if ($("[data-live]")) {
	listen();
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden) return listen();
		source?.close();
		source = undefined;
	});
	addEventListener("pagehide", () => source?.close());
}

// Parts that take longer are on pages of their own, and are put into their places
// as they come.

async function later(part) {
	const late = $("[data-late]", part);
	const link = late.cloneNode(true);
	late.textContent = "Loading\u2026";
	part.setAttribute("aria-busy", "true");
	const answer = await fetch(part.dataset.later, { headers: { "X-Part": "yes" } }).catch(() => null);
	const page = answer?.ok && !answer.redirected && new DOMParser().parseFromString(await answer.text(), "text/html");
	part.removeAttribute("aria-busy");
	const counted = page && page.getElementById(part.id);
	if (leaving) return;
	if (!counted) return late.replaceChildren("Could not be loaded. ", ...link.childNodes);
	localise(page);
	part.replaceChildren(...counted.childNodes);
}

for (const part of $$("[data-later]")) later(part);

// The page of a ticket: who else is there, what came while somebody writes, drafts,
// and the slider through its history.

const others = $("#others[data-stay]");

async function stay() {
	if (document.hidden || leaving) return;
	const answer = await fetch(`/admin/tickets/${only}/here/`, { method: "POST" }).catch(() => null);
	if (!answer?.ok) return;
	const next = others.cloneNode();
	next.innerHTML = await answer.text();
	become(others, next);
}

if (others) {
	setInterval(stay, 15_000);
	document.addEventListener("visibilitychange", stay);
	addEventListener("pagehide", () => navigator.sendBeacon(`/admin/tickets/${only}/here/`, new URLSearchParams({ gone: "yes" })));
}

// A draft belongs to a session, a ticket and a field. Those of other sessions go, on
// whatever page comes first: the tab may have another person before it now.
const drafts = "helpdesk-draft ";
const ours = drafts + document.body.dataset.session + " ";
for (const key of Object.keys(sessionStorage)) {
	if (key.startsWith(drafts) && (!document.body.dataset.session || !key.startsWith(ours))) sessionStorage.removeItem(key);
}

// What was sent is dropped once a page shows that it went through: by the command of the
// form, or by the text in the conversation. Else it is in the box again.
const sent = " sent";
const dropDraft = (key) => [key, key + sent].forEach((one) => sessionStorage.removeItem(one));
for (const key of Object.keys(sessionStorage)) {
	if (key.startsWith(drafts) && key.endsWith(sent) && sessionStorage.getItem(key) === $("#said").dataset.done) dropDraft(key.slice(0, -sent.length));
}

const form = $("[data-draft]");

if (form) {
	const text = $("textarea", form);
	const draft = ours + only + " " + text.id;
	const plain = (words) => words.normalize().trim();
	const typed = sessionStorage.getItem(draft) ?? "";
	if (sessionStorage.getItem(draft + sent) && $$("#conversation article[id] .text").some((said) => plain(said.textContent) === plain(typed))) dropDraft(draft);
	text.value ||= sessionStorage.getItem(draft) ?? "";
	text.addEventListener("input", () => sessionStorage.setItem(draft, text.value));
	form.addEventListener("submit", () => sessionStorage.setItem(draft + sent, form.elements.command.value));

	$("[data-newer-seen]", form).addEventListener("click", () => {
		carry();
		$("[data-newer]", form).hidden = true;
		text.focus();
	});
}

// seen has the reply be about the ticket as the page is about to show it. What was
// said while somebody writes they are warned of first.
function seen(next) {
	const fresh = form && $("[data-draft]", next);
	if (!fresh || fresh.elements.version.value === newest?.version.value) return;
	newest = fresh.elements;
	const what = news(said(document), said(next), $("[data-earlier]", next));
	const warning = $("[data-newer]", form);
	if (what && $("textarea", form).value) {
		$("[data-newer-text]", form).textContent = what;
		warning.hidden = false;
	} else if (warning.hidden) carry();
}

let newest; // the fields of the reply as the page would be made now

function carry() {
	for (const field of ["version", "loaded"]) form.elements[field].value = newest[field].value;
}

// said returns what was said on a page, by whom.
function said(page) {
	return new Map($$("#conversation article[id]", page).map((a) => [a.id, { by: $("strong", a).textContent, text: $(".text", a).textContent }]));
}

// news returns what was said between two looks, in words; undefined: nothing. Of a page
// that has earlier ones before it the first may just have gone there.
function news(before, after, earlier) {
	for (const [id, { by, text }] of after) {
		if (!before.has(id)) return `${by} added a comment just now.`;
		if (before.get(id).text !== text) return `${by} edited a comment just now.`;
	}
	for (const [id, { by }] of before) if (!after.has(id) && !earlier) return `A comment of ${by} was deleted just now.`;
}

// A comment that an address names may be on another page of them.
const named = /^#c([0-9a-f-]{36})$/.exec(location.hash);

if (named && !$(location.hash) && $("[data-earlier]") && !location.search.includes("comment=")) {
	location.replace(`?comment=${named[1]}${location.hash}`);
}

// Files go up as soon as they are chosen, dropped or pasted; the form then names them.

const choice = $("[data-files]");

if (choice) {
	const input = $("input[type=file]", choice), to = input.form;
	$("[data-files-hint]", choice).hidden = false;
	for (const button of $$("[data-files-drop]", choice)) drops(button);
	input.addEventListener("change", () => {
		bring(input.files);
		input.value = "";
	});
	to.addEventListener("dragover", (e) => {
		if (e.dataTransfer.types.includes("Files")) e.preventDefault();
	});
	to.addEventListener("drop", (e) => {
		if (!e.dataTransfer.files.length) return;
		e.preventDefault();
		bring(e.dataTransfer.files);
	});
	to.addEventListener("paste", (e) => {
		if (!e.clipboardData.files.length) return;
		e.preventDefault();
		bring(e.clipboardData.files);
	});
	to.addEventListener("submit", (e) => {
		if (!$("progress", choice)) return;
		e.preventDefault();
		say(choice, "Wait until all files are uploaded, or cancel them.");
	});
}

// say has a screen reader tell what became of files, and everybody read it.
function say(within, text) {
	const line = $("[data-files-said]", within) ?? document.createElement("p");
	line.dataset.filesSaid = "";
	line.className = "hint";
	line.setAttribute("role", "status");
	within.append(line);
	line.textContent = text;
}

// drops has a button take a file off the form again.
function drops(button) {
	button.hidden = false;
	button.addEventListener("click", () => {
		button.closest("li").remove();
		$("input[type=file]", choice).focus();
	});
}

function bring(files) {
	for (const file of [...files]) upload(file);
}

function upload(file) {
	const row = document.createElement("li"), name = document.createElement("span");
	const bar = document.createElement("progress"), cancel = document.createElement("button");
	name.textContent = file.name;
	bar.max = 1;
	bar.value = 0;
	bar.setAttribute("aria-label", "Uploading " + file.name);
	cancel.type = "button";
	cancel.className = "small";
	cancel.textContent = "Cancel";
	row.append(name, bar, cancel);
	$("[data-files-kept]", choice).append(row);

	const request = new XMLHttpRequest(), body = new FormData();
	body.append("file", file, file.name);
	const abort = () => request.abort();
	cancel.addEventListener("click", abort);
	request.upload.addEventListener("progress", (e) => {
		if (e.lengthComputable) bar.value = e.loaded / e.total;
	});
	request.addEventListener("loadend", () => {
		let answer = {};
		try {
			answer = JSON.parse(request.responseText);
		} catch { /* it is none of ours, or there is none */ }
		if (request.status !== 201) {
			row.remove();
			if (request.readyState === 4 && request.status) say(choice, `${file.name}: ${answer.detail ?? "it could not be uploaded"}.`);
			else say(choice, `${file.name} was not uploaded.`);
			return;
		}
		const id = document.createElement("input");
		id.type = "hidden";
		id.name = "attachments";
		id.value = answer.id;
		name.textContent = answer.filename;
		bar.replaceWith(id);
		cancel.removeEventListener("click", abort);
		cancel.textContent = "Remove";
		drops(cancel);
		say(choice, `${answer.filename} is uploaded.`);
	});
	request.open("POST", "/api/attachments/");
	request.send(body);
}

// Images and PDF are shown above the page, by arrows one after the other.

const preview = $("#preview");

if (preview) {
	const shown = $("[data-preview-shown]", preview);
	let at;
	const show = (link) => {
		at = link;
		const what = document.createElement(link.dataset.preview);
		what[what.localName === "img" ? "alt" : "title"] = link.dataset.name;
		what.src = link.href;
		$("h2", preview).textContent = link.dataset.name;
		$("[data-preview-open]", preview).href = link.href;
		$("[data-preview-keep]", preview).href = link.href.replace("?inline=true", "");
		shown.replaceChildren(what);
	};
	document.addEventListener("click", (e) => {
		const link = e.target.closest?.("a[data-preview]");
		if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
		e.preventDefault();
		show(link);
		preview.showModal();
	});
	preview.addEventListener("keydown", (e) => {
		const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
		const all = $$("a[data-preview]");
		const next = by && all[all.indexOf(at) + by];
		if (next) show(next);
	});
	preview.addEventListener("click", (e) => e.target === preview && preview.close());
	preview.addEventListener("close", () => shown.replaceChildren());
}

const travel = $("[data-travel]");

if (travel) {
	const slider = $("[type=range]", travel);
	let pending, running = false;
	$("[data-travel-go]", travel).hidden = true;
	slider.addEventListener("input", () => {
		$("[data-travel-at]", travel).textContent = slider.value;
		pending = slider.value;
		if (!running) go();
	});
	async function go() {
		running = true;
		while (pending) {
			const url = new URL(location.href);
			url.hash = "";
			if (pending === slider.max) url.searchParams.delete("version");
			else url.searchParams.set("version", pending);
			pending = undefined;
			history.replaceState(null, "", url);
			await load().catch(() => {});
		}
		running = false;
	}
}

// Parts that change without an event of a ticket are asked for every few seconds
// while somebody looks.

const lookAgain = Number($("[data-again]")?.dataset.again);
if (lookAgain) setInterval(() => document.hidden || refresh(), lookAgain * 1000);

// Opens a ticket and sees it through by the generated TypeScript client, as
// drive/main.go does by the one in Go. README.md shows how it begins.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./desk.js";

declare const process: { argv: string[] };

type Schemas = components["schemas"];

// Node keeps no cookies between calls, as a browser does.
function session(): Middleware {
  let cookie = "";
  return {
    onRequest({ request }) {
      if (cookie) request.headers.set("Cookie", cookie);
      return request;
    },
    onResponse({ response }) {
      const set = response.headers.get("set-cookie");
      if (set) cookie = set.split(";")[0] ?? "";
    },
  };
}

function client() {
  const made = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
  made.use(session());
  return made;
}

// All members of a type, or the compiler objects.
type Members<T> = Record<keyof T, true>;

const ticket: Members<Schemas["TicketWithFiles"]> = {
  id: true, number: true, title: true, description: true, priority: true, status: true, created_by: true,
  assigned_to: true, created_at: true, updated_at: true, first_response_at: true, resolved_at: true,
  closed_at: true, escalated_at: true, comment_count: true, attachment_count: true, attachments: true, version: true,
};
const comment: Members<Schemas["Comment"]> = {
  id: true, ticket: true, ticket_number: true, author: true, text: true, internal: true, created_at: true, edited_at: true,
  attachments: true,
};
const user: Members<Required<Schemas["User"]>> = {
  id: true, username: true, first_name: true, last_name: true, email: true, role: true, is_active: true,
  created_at: true, updated_at: true, name_email: true, notifications: true, bounced: true,
};
const problem: Members<Required<Schemas["Problem"]>> = {
  type: true, title: true, status: true, detail: true, code: true, instance: true, errors: true,
};
const report: Members<Required<Schemas["Report"]>> = {
  tickets_opened_last_7_days: true, tickets_resolved_last_7_days: true, tickets_escalated_last_7_days: true,
  tickets_opened: true, tickets_resolved: true, tickets_escalated: true, from: true, to: true, as_of_position: true,
  explanation: true,
};
const event: Members<Required<Schemas["LogEvent"]>> = {
  position: true, event_id: true, stream_type: true, stream_id: true, version: true, type: true, schema_version: true,
  occurred_at: true, recorded_at: true, actor: true, correlation_id: true, causation_id: true, command_id: true, data: true, unreadable: true,
};
const entry: Members<Schemas["HistoryEntry"]> = {
  position: true, version: true, type: true, summary: true, actor: true, cause: true, effects: true, changes: true,
  occurred_at: true, recorded_at: true,
};

// strictly returns a value that has no member but those of its type.
function strictly<T extends object>(members: Members<Required<T>>, value: T | undefined, refused?: unknown): T {
  if (value === undefined) throw new Error(`refused: ${JSON.stringify(refused)}`);
  for (const name of Object.keys(value)) {
    if (!(name in members)) throw new Error(`${name} is not in the document: ${JSON.stringify(value)}`);
  }
  return value;
}

function check(ok: boolean, what: string): void {
  if (!ok) throw new Error(what);
}

const ada = client();
const body = { username: "ada", email: "ada@example.com", password: "engine-no-42" };
const joined = await ada.POST("/api/register/", { body });
strictly(user, joined.data, joined.error);
// README: begin
const login = await ada.POST("/api/login/", { body: { username: "ada", password: "engine-no-42" } });
if (!login.data) throw new Error(login.error.code);

const opened = await ada.POST("/api/tickets/", {
  body: { title: "Printer smokes", description: "Again.", priority: "high" },
});
if (!opened.data) throw new Error(opened.error.code);
const { id } = opened.data;
// README: end
strictly(user, login.data);
strictly(ticket, opened.data);

const root = client();
const password = process.argv[3] ?? "";
const admin = await root.POST("/api/login/", { body: { username: "root", password } });
strictly(user, admin.data, admin.error);

const params = { path: { id } };
const assigned = await root.POST("/api/tickets/{id}/assign/", { params, body: { assigned_to: "root" } });
const mine = strictly(ticket, assigned.data, assigned.error);
check(mine.assigned_to?.username === "root", "not assigned");

const added = await ada.POST("/api/comments/", { body: { ticket: mine.number, text: "It is the one on the third floor." } });
check(strictly(comment, added.data, added.error).ticket === id, "another ticket's comment");

const resolved = await root.POST("/api/tickets/{id}/resolve/", { params, body: { reason: "New fuser." } });
check(strictly(ticket, resolved.data, resolved.error).status === "resolved", "not resolved");

const counted = await root.GET("/api/report/");
const counts = strictly(report, counted.data, counted.error);
check(counts.tickets_opened_last_7_days === 1 && counts.tickets_resolved_last_7_days === 1, JSON.stringify(counts));

const refused = await ada.GET("/api/report/");
check(strictly(problem, refused.error).code === "forbidden", "a report for a user");

// A ticket's number is as good as its id, and an answer has the type of JSON.
const numbered = await ada.GET("/api/tickets/{id}/", { params: { path: { id: mine.number } } });
check(numbered.data?.id === id && numbered.data.comments.length === 1, "another ticket by number");
const listed = await ada.GET("/api/tickets/", { params: { query: { status: ["resolved"] } } });
check(listed.data?.results[0]?.number === mine.number, "not listed");
const remarks = await ada.GET("/api/comments/", { params: { query: { ticket: mine.number } } });
check(remarks.data?.results.length === 1, "no comments by number");
const file = await ada.GET("/api/tickets/export/", { params: { query: { bom: true } }, parseAs: "text" });
check(file.data?.includes(id) ?? false, `exported: ${file.data}`);

const log = await root.GET("/api/events/", { params: { query: { limit: 1000 } } });
const events = log.data?.events ?? [];
check(events.every((e, i) => strictly(event, e).position === i + 1), "a hole in the log");

// told returns what an event says: its type decides what its data are.
function told(e: Schemas["LogEvent"]): string {
  if (e.unreadable) return `unreadable ${e.type}`;
  switch (e.type) {
    case "ticket.opened":
      return `${e.data.number} ${e.data.title}: ${e.data.priority}`;
    case "ticket.assigned":
      return `to ${e.data.assigned_to}`;
    case "user.registered":
      return `${e.data.username}: ${e.data.role}`;
    default:
      return e.type;
  }
}
const sentences = events.map(told);
for (const want of ["1 Printer smokes: high", `to ${mine.assigned_to?.id}`, "ada: user", "ticket.resolved"]) {
  check(sentences.includes(want), `${want} is not in ${JSON.stringify(sentences)}`);
}

const history = await root.GET("/api/users/{id}/history/", { params: { path: { id: "ada" } } });
const types: Schemas["HistoryEntry"]["type"][] = history.data?.results.map((e) => strictly(entry, e).type) ?? [];
check(types.includes("user.registered") && types.includes("access.signed_in"), JSON.stringify(types));

-- +goose Up

-- Beside a list stands how many there are in each status, of one's own and of each
-- agent's. Without these, counting a status that few of somebody's tickets are in
-- meant to look at all of theirs.
CREATE INDEX tickets_requester_status ON read.tickets (created_by, status);
CREATE INDEX tickets_assignee_status ON read.tickets (assigned_to, status, priority_rank);

-- +goose Down
DROP INDEX read.tickets_assignee_status;
DROP INDEX read.tickets_requester_status;

-- +goose Up

-- A series of dates runs over instants of the session's time zone, and ends a day
-- early where clocks were once put forward at midnight. A series of numbers does not.
CREATE OR REPLACE VIEW read.daily_stats AS
WITH summed AS (
    SELECT (since AT TIME ZONE 'UTC')::date AS day, priority, opened, resolved, reopened, escalated, closed,
        net_open + net_in_progress + net_escalated AS net
    FROM read.ticket_counts
    WHERE unit = 'day'
    UNION ALL
    SELECT (occurred_at AT TIME ZONE 'UTC')::date, priority, 0, (fact = 'resolved')::int, (fact = 'reopened')::int,
        (fact = 'escalated')::int, (fact = 'closed')::int, 0
    FROM read.ticket_facts
    WHERE fact IN ('resolved', 'reopened', 'escalated', 'closed')
      AND next_at IS NOT NULL AND (next_at AT TIME ZONE 'UTC')::date > (occurred_at AT TIME ZONE 'UTC')::date
), counted AS (
    SELECT day, priority, sum(opened)::bigint AS opened, sum(resolved)::bigint AS resolved, sum(reopened)::bigint AS reopened,
        sum(escalated)::bigint AS escalated, sum(closed)::bigint AS closed, sum(net) AS net
    FROM summed
    GROUP BY 1, 2
), days AS (
    SELECT first + n AS day, priority
    FROM (SELECT min(day) AS first, greatest(max(day), (now() AT TIME ZONE 'UTC')::date) AS last FROM counted) AS span
    CROSS JOIN generate_series(0, last - first) AS n
    CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) AS priority
)
SELECT day, priority,
    coalesce(opened, 0) AS opened, coalesce(resolved, 0) AS resolved, coalesce(reopened, 0) AS reopened,
    coalesce(escalated, 0) AS escalated, coalesce(closed, 0) AS closed,
    (sum(coalesce(net, 0)) OVER (PARTITION BY priority ORDER BY day))::bigint AS backlog
FROM days LEFT JOIN counted USING (day, priority);

-- Sessions of analysts begin in UTC. Logins that were made before are given it too,
-- unless somebody chose another zone for them, or the owner may not.
-- +goose StatementBegin
DO $$
DECLARE login name;
BEGIN
    FOR login IN
        SELECT r.rolname FROM pg_roles AS r
        WHERE (r.rolname = 'helpdesk_analyst' OR r.oid IN (
                SELECT m.member FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
                WHERE g.rolname = 'helpdesk_analyst'))
          AND NOT EXISTS (
                SELECT FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS setting
                WHERE s.setrole = r.oid AND lower(setting) LIKE 'timezone=%')
    LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I SET TimeZone = %L', login, 'UTC');
        EXCEPTION WHEN insufficient_privilege OR internal_error THEN
            NULL; -- internal_error: another database of the server is just doing it
        END;
    END LOOP;
END $$;
-- +goose StatementEnd

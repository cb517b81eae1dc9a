package projections

// UnderWay returns the query of the rows of a table that are under way at an instant:
// those that began at it or before and ended at it or after, or did not. where narrows
// them, and is the condition of the index of their lengths ([read.length_class]) and
// beginnings: of each length it is asked for what began at most that long before.
// OFFSET 0 has it asked, whatever the planner expects of it.
func UnderWay(table, began, ended, at, where string) string {
	return `
    SELECT u.* FROM unnest(read.lengths() || interval '1000 years') WITH ORDINALITY AS l (length, n) CROSS JOIN LATERAL (
        SELECT * FROM ` + table + `
        WHERE read.length_class(` + ended + ` - ` + began + `) = (n - 1)::integer
          AND ` + began + ` > ` + at + ` - length AND ` + began + ` <= ` + at + ` AND coalesce(` + ended + `, 'infinity') >= ` + at + `
          AND ` + where + ` OFFSET 0
    ) AS u`
}

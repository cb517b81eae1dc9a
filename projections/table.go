package projections

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Table is a table of a projection, by the one declaration of its rows: R is a
// struct whose exported fields each have a tag db with the name of a column, as
// [pgx.RowToStructByName] reads rows back. An option may follow the name:
//
//	ID     uuid.UUID `db:"id,key"`       // part of the primary key
//	Number int64     `db:"number,fixed"` // is never another, once it is written
//	Title  string    `db:"title"`
//	Note   string    `db:"-"`            // is no column
//
// Columns, the unnest with its types, the SET list and COPY follow from it.
// Fields are strings, booleans, integers, [time.Time], [uuid.UUID] and types made
// of these, pointers to them where a column may be null, and slices of strings or
// of ids for columns that are arrays.
//
// Statements name the table without a schema, so that package rebuild can have
// other tables filled.
type Table[R any] struct {
	name    string
	columns []tableColumn
	names   []string // of the columns
	insert  string
	upsert  string
	update  string
	load    string
}

// tableColumn is a column and the field it is of.
type tableColumn struct {
	name       string
	key, fixed bool
	field      []int
	columnType
}

// NewTable returns the table of a name with the columns that R declares. It
// panics where R declares none, or one of a type it does not know.
func NewTable[R any](name string) *Table[R] {
	t := &Table[R]{name: name}
	of := reflect.TypeFor[R]()
	for _, f := range reflect.VisibleFields(of) {
		tag, has := f.Tag.Lookup("db")
		if f.Anonymous || !f.IsExported() || tag == "-" {
			continue
		}
		column, option, _ := strings.Cut(tag, ",")
		kind, known := columnTypeOf(f.Type)
		if !has || column == "" || !known {
			panic(fmt.Sprintf("projections: %s.%s is no column of %s", of, f.Name, name))
		}
		t.columns = append(t.columns, tableColumn{name: column, key: option == "key", fixed: option == "fixed", field: f.Index, columnType: kind})
		t.names = append(t.names, column)
	}
	t.write()
	return t
}

// write writes the statements.
func (t *Table[R]) write() {
	var keys, sets, edits, match []string
	for _, c := range t.columns {
		switch {
		case c.key:
			keys, match = append(keys, c.name), append(match, "t."+c.name+" = r."+c.name)
		case !c.fixed:
			sets, edits = append(sets, c.name+" = excluded."+c.name), append(edits, c.name+" = r."+c.name+c.cast)
		}
	}
	const each = ",\n    "
	t.insert = "INSERT INTO " + t.name + " (" + t.Columns("") + ")\n" + "SELECT " + t.read(t.columns) + " FROM " + unnest(t.columns)
	t.upsert = t.insert + "\nON CONFLICT (" + strings.Join(keys, ", ") + ") DO UPDATE SET\n    " + strings.Join(sets, each)
	t.update = "UPDATE " + t.name + " AS t SET\n    " + strings.Join(edits, each) + "\nFROM " + unnest(t.changing()) + "\nWHERE " + strings.Join(match, " AND ")
	if len(keys) == 1 {
		t.load = "SELECT " + t.Columns("") + " FROM " + t.name + " WHERE " + keys[0] + " = ANY ($1)"
	}
}

// read returns the columns of r as they go into the table.
func (t *Table[R]) read(columns []tableColumn) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = "r." + c.name + c.cast
	}
	return strings.Join(all, ", ")
}

// changing returns the key and the columns that are not fixed.
func (t *Table[R]) changing() (columns []tableColumn) {
	for _, c := range t.columns {
		if !c.fixed {
			columns = append(columns, c)
		}
	}
	return columns
}

// unnest returns parameters, an array a column, as the rows r.
func unnest(columns []tableColumn) string {
	arrays, names := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		arrays[i], names[i] = "$"+strconv.Itoa(i+1)+"::"+c.sql+"[]", c.name
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS r (" + strings.Join(names, ", ") + ")"
}

// Columns returns the names of all columns, each behind the alias, if there is
// one, and a dot.
func (t *Table[R]) Columns(alias string) string {
	if alias == "" {
		return strings.Join(t.names, ", ")
	}
	return alias + "." + strings.Join(t.names, ", "+alias+".")
}

// Each returns the pattern, in which ? stands for the name, for each column that
// is neither of the key nor fixed, with a separator between them.
func (t *Table[R]) Each(pattern, separator string) string {
	var all []string
	for _, c := range t.changing() {
		if !c.key {
			all = append(all, strings.ReplaceAll(pattern, "?", c.name))
		}
	}
	return strings.Join(all, separator)
}

// Unnest returns parameters from $1 on, an array a column, as the rows r, for
// statements that write rows otherwise. [Table.Args] are its arguments.
func (t *Table[R]) Unnest() string { return unnest(t.columns) }

// Args returns the values of rows, an array a column.
func (t *Table[R]) Args(rows []*R) []any { return arrays(t.columns, rows) }

// Insert adds rows.
func (t *Table[R]) Insert(what string, rows []*R) Write {
	return Write{What: what, SQL: t.insert, N: len(rows), Args: arrays(t.columns, rows)}
}

// Upsert adds rows, or where there is one of the key gives it the values of all
// columns that are not fixed.
func (t *Table[R]) Upsert(what string, rows []*R) Write {
	return Write{What: what, SQL: t.upsert, N: len(rows), Args: arrays(t.columns, rows)}
}

// Update gives the rows of the same keys the values of all columns that are not
// fixed.
func (t *Table[R]) Update(what string, rows []*R) Write {
	return Write{What: what, SQL: t.update, N: len(rows), Args: arrays(t.changing(), rows)}
}

// Copy adds rows by COPY, the fastest where there are many.
func (t *Table[R]) Copy(ctx context.Context, tx pgx.Tx, rows []*R) error {
	if len(rows) == 0 {
		return nil
	}
	values := make([]any, len(t.columns))
	_, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.names, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		row := reflect.ValueOf(rows[i]).Elem()
		for n, c := range t.columns {
			values[n] = c.one(row.FieldByIndex(c.field))
		}
		return values, nil
	}))
	return err
}

// Load returns the rows with these keys, of a table whose key is one id.
func (t *Table[R]) Load(ctx context.Context, tx pgx.Tx, keys []uuid.UUID) ([]*R, error) {
	rows, _ := tx.Query(ctx, t.load, keys) // CollectRows returns its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[R])
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", t.name, err)
	}
	return loaded, nil
}

// arrays returns the values of rows, an array a column.
func arrays[R any](columns []tableColumn, rows []*R) []any {
	if len(rows) == 0 {
		return nil
	}
	values := make([]reflect.Value, len(rows))
	for i, row := range rows {
		values[i] = reflect.ValueOf(row).Elem()
	}
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = c.all(values, c.field)
	}
	return args
}

// columnType is how values of a Go type are sent as those of an SQL type.
type columnType struct {
	sql  string
	cast string // what makes of a value in the array one of the column
	all  func(rows []reflect.Value, field []int) any
	one  func(reflect.Value) any
}

// sent returns the type of values that are sent as what of returns.
func sent[T any](sql string, of func(reflect.Value) T) columnType {
	return columnType{
		sql: sql,
		all: func(rows []reflect.Value, field []int) any {
			all := make(pgtype.FlatArray[T], len(rows))
			for i, row := range rows {
				all[i] = of(row.FieldByIndex(field))
			}
			return all
		},
		one: func(v reflect.Value) any { return of(v) },
	}
}

// itself returns a value of type T.
func itself[T any](v reflect.Value) T { return *v.Addr().Interface().(*T) }

// pointer returns a pointer to a T as it is in a value whose type is a pointer to
// a type made of T; nil stays nil.
func pointer[T any](v reflect.Value) *T { return (*T)(v.UnsafePointer()) }

var exactTypes = map[reflect.Type]columnType{
	reflect.TypeFor[uuid.UUID]():     sent("uuid", itself[uuid.UUID]),
	reflect.TypeFor[*uuid.UUID]():    sent("uuid", itself[*uuid.UUID]),
	reflect.TypeFor[uuid.NullUUID](): sent("uuid", itself[uuid.NullUUID]),
	reflect.TypeFor[time.Time]():     sent("timestamptz", itself[time.Time]),
	reflect.TypeFor[*time.Time]():    sent("timestamptz", itself[*time.Time]),
}

// columnTypeOf returns how values of a type are sent.
func columnTypeOf(t reflect.Type) (c columnType, known bool) {
	if c, known = exactTypes[t]; known {
		return c, true
	}
	switch t.Kind() {
	case reflect.String:
		return sent("text", reflect.Value.String), true
	case reflect.Bool:
		return sent("boolean", reflect.Value.Bool), true
	case reflect.Int16:
		return sent("smallint", func(v reflect.Value) int16 { return int16(v.Int()) }), true
	case reflect.Int, reflect.Int32, reflect.Int64:
		return sent("bigint", reflect.Value.Int), true
	case reflect.Pointer:
		return pointerType(t.Elem())
	case reflect.Slice:
		return arrayType(t.Elem())
	}
	return c, false
}

// pointerType returns how pointers to values of a type are sent: as null, or as
// the values.
func pointerType(to reflect.Type) (c columnType, known bool) {
	switch to.Kind() {
	case reflect.String:
		return sent("text", pointer[string]), true
	case reflect.Bool:
		return sent("boolean", pointer[bool]), true
	case reflect.Int16:
		return sent("smallint", pointer[int16]), true
	case reflect.Int:
		return sent("bigint", pointer[int]), true
	case reflect.Int64:
		return sent("bigint", pointer[int64]), true
	}
	return c, false
}

// arrayType returns how slices of values of a type are sent: each as the text of
// an array, for unnest makes one row of each element of an array of arrays.
func arrayType(of reflect.Type) (c columnType, known bool) {
	switch {
	case of == reflect.TypeFor[uuid.UUID]():
		c = sent("text", func(v reflect.Value) string {
			return arrayText(v, func(id reflect.Value) string { return itself[uuid.UUID](id).String() })
		})
		c.cast = "::uuid[]"
	case of.Kind() == reflect.String:
		c = sent("text", func(v reflect.Value) string { return arrayText(v, reflect.Value.String) })
		c.cast = "::text[]"
	default:
		return c, false
	}
	c.one = func(v reflect.Value) any { return v.Interface() } // COPY takes arrays as they are
	return c, true
}

var arrayEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayText returns a slice as Postgres writes arrays; a nil one has no elements.
func arrayText(slice reflect.Value, text func(reflect.Value) string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range slice.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		_, _ = arrayEscaper.WriteString(&b, text(slice.Index(i))) // a Builder refuses nothing
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

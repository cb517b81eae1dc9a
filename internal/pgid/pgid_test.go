package pgid_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestIdsComeBackAsTheyWere sends each kind of id there and back, alone and in
// arrays, by pools on which the types are registered.
func TestIdsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	id, other := uuid.MustParse("01900000-0000-7000-8000-00000000000a"), uuid.MustParse("ffffffff-ffff-ffff-ffff-fffffffffffe")
	null, some := uuid.NullUUID{}, uuid.NullUUID{UUID: id, Valid: true}
	var got struct {
		text      string
		plain     uuid.UUID
		none      uuid.NullUUID
		valid     uuid.NullUUID
		nothing   *uuid.UUID
		something *uuid.UUID
		ids       []uuid.UUID
		pointers  []*uuid.UUID
		nulls     []uuid.NullUUID
	}
	err := pool.QueryRow(context.Background(), `SELECT $1::uuid::text, $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid[], $7::uuid[], $8::uuid[]`,
		id, null, some, (*uuid.UUID)(nil), &other, []uuid.UUID{id, other}, []*uuid.UUID{nil, &id}, []uuid.NullUUID{some, null},
	).Scan(&got.text, &got.plain, &got.none, &got.valid, &got.nothing, &got.something, &got.ids, &got.pointers, &got.nulls)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{id.String(), id, null, some, (*uuid.UUID)(nil), &other, []uuid.UUID{id, other}, []*uuid.UUID{nil, &id}, []uuid.NullUUID{some, null}}
	if diff := cmp.Diff(want, []any{got.text, got.plain, got.none, got.valid, got.nothing, got.something, got.ids, got.pointers, got.nulls}); diff != "" {
		t.Error(diff)
	}
}

func TestNullIsNoID(t *testing.T) {
	t.Parallel()
	var id uuid.UUID
	if err := pgtest.New(t).Pool(t).QueryRow(context.Background(), `SELECT NULL::uuid`).Scan(&id); err == nil {
		t.Errorf("null was read as %v", id)
	}
}

package tokens

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/projections"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 120_000_000, time.UTC)

func tokenID(n byte) uuid.UUID { return uuid.UUID{0: 1, 6: 0x70, 8: 0x80, 15: n} }

func TestPagesOfTokens(t *testing.T) {
	var all []auth.Token
	for n := byte(9); n > 0; n-- {
		all = append(all, auth.Token{ID: tokenID(n), CreatedAt: noon.Add(time.Duration(n/3) * time.Second)})
	}
	walk := func(all []auth.Token, from *projections.Cursor, back bool) (ids string) {
		for place := from; ; {
			s := tokenSlice(all, projections.Page{Size: 2, Cursor: place})
			var page string
			for _, x := range s.Items {
				page += fmt.Sprint(x.ID[15])
			}
			place = s.Next
			if ids += page; back {
				ids = page + strings.TrimSuffix(ids, page)
				place = s.Previous
			}
			if place == nil {
				return ids
			}
		}
	}
	if got := walk(all, nil, false); got != "987654321" {
		t.Errorf("forward: %s", got)
	}
	last := tokenSlice(all, projections.Page{Size: 9}).Items[8]
	end := &projections.Cursor{Key: last.CreatedAt.Format(time.RFC3339Nano), ID: last.ID, Back: true}
	if got := walk(all, end, true); got != "98765432" {
		t.Errorf("back: %s", got)
	}
	without := slices.Delete(slices.Clone(all), 8, 9) // the row a cursor stands at may go
	end.Back = false
	if s := tokenSlice(without, projections.Page{Size: 2, Cursor: end}); len(s.Items) != 0 {
		t.Errorf("after the end: %v", s.Items)
	}
}

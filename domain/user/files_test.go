package user

import (
	"strings"
	"testing"

	"helpdesk/domain"
)

func TestRefuseFile(t *testing.T) {
	refuse := RefuseFile{By: by(ann), Filename: "invoice.doc", Malware: "Test.Harmless-1"}
	long := RefuseFile{By: by(ann), Filename: "invoice.doc", Malware: strings.Repeat("é", malwareMax+1)}
	checkRules(t, []rule{
		{name: "it is recorded", given: given(), when: refuse, then: []domain.Event{FileRefused{Filename: "invoice.doc", Malware: "Test.Harmless-1"}}},
		{name: "a long name of malware is cut", given: given(), when: long,
			then: []domain.Event{FileRefused{Filename: "invoice.doc", Malware: strings.Repeat("é", malwareMax)}}},
		{name: "of nobody there is no history", when: refuse, refused: domain.ErrNotFound},
		{name: "nor of somebody who was erased", given: given(Erased{}), when: refuse, refused: domain.ErrNotFound},
	})
}

package user

import "helpdesk/domain"

// RefuseFile records that malware was found in a file that the actor brought.
type RefuseFile struct {
	By
	Filename string
	Malware  string // as the scanner calls it
}

// malwareMax is how many characters of what a scanner calls malware are kept.
const malwareMax = 200

func refuseFile(s State, c RefuseFile) ([]domain.Event, error) {
	if !s.Exists || s.Erased {
		return nil, domain.ErrNotFound
	}
	malware := []rune(c.Malware)
	return []domain.Event{FileRefused{Filename: c.Filename, Malware: string(malware[:min(len(malware), malwareMax)])}}, nil
}

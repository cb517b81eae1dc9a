package web

import (
	"encoding/json"
	"net/http"
	"time"

	"helpdesk/projections"
)

// noticeCookie carries from a form to the page after it what was done. It is
// sealed, so that nobody but the site can have a page say something.
const noticeCookie = "helpdesk_notice"

// noticeLasts is how long a notice waits for its page.
const noticeLasts = time.Minute

// notice is what a page says of what was just done.
type notice struct {
	Text    string   `json:"text"`              // "": nothing
	Deleted []string `json:"deleted,omitempty"` // tickets that may be restored, as [Undo] has them
}

// Tell has the next page say what was done, with a button that restores the tickets that
// were deleted, if any; see [Undo].
func (v *Visit) Tell(text string, deleted ...string) {
	said, err := json.Marshal(notice{Text: text, Deleted: deleted})
	if err != nil {
		panic(err) // texts can be written
	}
	if sealed, err := v.site.cursors.Seal(noticeCookie, projections.Cursor{Key: string(said)}); err == nil { // else nothing is said: it is done all the same
		v.setNotice(sealed, int(noticeLasts.Seconds()))
	}
}

// notice returns what was just done, once.
func (v *Visit) notice() (n notice) {
	cookie, err := v.Request.Cookie(noticeCookie)
	if err != nil {
		return n
	}
	v.setNotice("", -1)
	sealed, err := v.site.cursors.Open(noticeCookie, cookie.Value)
	if err != nil || json.Unmarshal([]byte(sealed.Key), &n) != nil { // it is not ours
		return notice{}
	}
	return n
}

func (v *Visit) setNotice(value string, maxAge int) {
	cookie := http.Cookie{
		Name: noticeCookie, Value: value, Path: Root, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Front.Secure(v.Request),
	}
	v.Header().Add("Set-Cookie", cookie.String())
}

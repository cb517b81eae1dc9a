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

const (
	// leftLasts is how long what is left for the next page waits for it.
	leftLasts = time.Minute
	// leftMost is how many bytes of it a browser takes for certain (RFC 6265 §6.1), less
	// what else is in a cookie.
	leftMost = 3_800
)

// notice is what a page says of what was just done.
type notice struct {
	Text    string   `json:"text"`              // "": nothing
	Deleted []string `json:"deleted,omitempty"` // tickets that may be restored, as [Undo] has them
	Command string   `json:"command,omitempty"` // that of the form which did it
}

// Tell has the next page say what was done, with a button that restores the tickets that
// were deleted, if any; see [Undo].
func (v *Visit) Tell(text string, deleted ...string) {
	said, err := json.Marshal(notice{Text: text, Deleted: deleted, Command: v.Form.Get("command")})
	if err != nil {
		panic(err) // texts can be written
	}
	Leave(v, noticeCookie, string(said)) // where it is not said, it is done all the same
}

// notice returns what was just done, once.
func (v *Visit) notice() (n notice) {
	if json.Unmarshal([]byte(Left(v, noticeCookie)), &n) != nil { // there is none
		return notice{}
	}
	return n
}

// Leave keeps a text in a sealed cookie of a name for the page that a redirect leads to.
// It reports false where the text is too long for that.
func Leave(v *Visit, name, text string) bool {
	sealed, err := v.site.cursors.Seal(name, projections.Cursor{Key: text})
	if err != nil || len(sealed) > leftMost {
		return false
	}
	setLeft(v, name, sealed, int(leftLasts.Seconds()))
	return true
}

// Left returns the text that was left under a name, once; "" for none.
func Left(v *Visit, name string) string {
	cookie, err := v.Request.Cookie(name)
	if err != nil {
		return ""
	}
	setLeft(v, name, "", -1)
	left, err := v.site.cursors.Open(name, cookie.Value)
	if err != nil { // it is not ours
		return ""
	}
	return left.Key
}

func setLeft(v *Visit, name, value string, maxAge int) {
	cookie := http.Cookie{
		Name: name, Value: value, Path: Root, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Front.Secure(v.Request),
	}
	v.Header().Add("Set-Cookie", cookie.String())
}

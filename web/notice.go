package web

import (
	"net/http"
	"time"

	"helpdesk/projections"
)

// noticeCookie carries from a form to the page after it what was done. It is
// sealed, so that nobody but the site can have a page say something.
const noticeCookie = "helpdesk_notice"

// noticeLasts is how long a notice waits for its page.
const noticeLasts = time.Minute

// Tell has the next page say what was done.
func (v *Visit) Tell(text string) {
	if sealed, err := v.site.cursors.Seal(noticeCookie, projections.Cursor{Key: text}); err == nil { // else nothing is said: it is done all the same
		v.setNotice(sealed, int(noticeLasts.Seconds()))
	}
}

// notice returns what was just done, once, and "" when there is nothing to say.
func (v *Visit) notice() string {
	cookie, err := v.Request.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	v.setNotice("", -1)
	sealed, err := v.site.cursors.Open(noticeCookie, cookie.Value)
	if err != nil { // it is not ours
		return ""
	}
	return sealed.Key
}

func (v *Visit) setNotice(value string, maxAge int) {
	cookie := http.Cookie{
		Name: noticeCookie, Value: value, Path: Root, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Front.Secure(v.Request),
	}
	v.Header().Add("Set-Cookie", cookie.String())
}

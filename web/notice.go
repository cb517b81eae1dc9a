package web

import (
	"net/http"
	"time"
)

// noticeCookie carries from a form to the page after it what was done, as a
// word of the table below.
const noticeCookie = "helpdesk_notice"

// noticeLasts is how long a notice waits for its page.
const noticeLasts = time.Minute

// notices are what pages say of what was just done.
var notices = map[string]string{
	"registered":      "Welcome. You can sign in now.",
	"signed-out":      "You are signed out.",
	"deactivated":     "Your account is deactivated. An admin can bring it back.",
	"profile":         "Your profile is saved.",
	"emails":          "Your choice of emails is saved.",
	"password":        "Your password is changed. Everywhere else you are signed out.",
	"commented":       "Your reply is sent.",
	"noted":           "The note is added.",
	"comment-changed": "The comment is changed.",
	"edited":          "The ticket is changed.",
	"status":          "The status is changed.",
	"assigned":        "The assignment is changed.",
	"deleted":         "The ticket is deleted.",
	"opened":          "The ticket is opened.",
	"view-saved":      "The view is saved.",
	"view-removed":    "The view is removed.",
	"role":            "The role is changed.",
	"activity":        "Whether they may sign in is changed.",
	"resent":          "The email is sent again.",
	"retried":         "The command is tried again.",
	"discarded":       "The command is discarded.",
	"decided":         "Somebody had decided on it already.",
	"replayed":        "All that was failed is applied.",
	"still-failed":    "Some of it still fails; the errors are those of this try.",
	"pause":           "It is held until it is resumed.",
	"resume":          "It goes on.",
	"rebuild":         "It is built anew; this page shows how far it is.",
	"token-revoked":   "The token is revoked. It opens nothing any more.",
}

// tell has the next page say what was done.
func (v *Visit) tell(word string) {
	v.setNotice(word, int(noticeLasts.Seconds()))
}

// notice returns what was just done, once, and "" when there is nothing to say.
func (v *Visit) notice() string {
	cookie, err := v.Request.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	v.setNotice("", -1)
	return notices[cookie.Value]
}

func (v *Visit) setNotice(word string, maxAge int) {
	cookie := http.Cookie{
		Name: noticeCookie, Value: word, Path: Root, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.site.Front.Secure(v.Request),
	}
	v.header.Add("Set-Cookie", cookie.String())
}

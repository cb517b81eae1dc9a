package web

import "net/http"

// pages is the table of every page (GET) and every form (POST).
func (s *Site) pages() []page {
	const get, post = http.MethodGet, http.MethodPost
	return []page{
		{get, "", anyone, s.home},
		{get, "sign-in", anyone, s.showSignIn},
		{post, "sign-in", anyone, s.signIn},
		{post, "sign-out", anyone, s.signOut},
		{get, "register", anyone, s.showRegistration},
		{post, "register", anyone, s.register},

		{get, "tickets", signedIn, s.showQueue},
		{post, "tickets", signedIn, s.openTicket},
		{get, "tickets/new", signedIn, s.showOpening},
		{post, "tickets/bulk", signedIn, s.bulk},
		{get, "tickets/:ticket", signedIn, s.showTicket},
		{post, "tickets/:ticket/comment", signedIn, s.comment},
		{post, "tickets/:ticket/comments/:comment", signedIn, s.changeComment},
		{post, "tickets/:ticket/edit", signedIn, s.editTicket},
		{post, "tickets/:ticket/status", signedIn, s.changeStatus},
		{post, "tickets/:ticket/assign", signedIn, s.assign},
		{post, "tickets/:ticket/delete", signedIn, s.deleteTicket},
		{post, "tickets/:ticket/here", signedIn, s.stay},
		{post, "tickets/views", signedIn, s.saveView},
		{post, "tickets/views/remove", signedIn, s.removeView},

		{get, "account", signedIn, s.showAccount},
		{post, "account/profile", signedIn, s.changeProfile},
		{post, "account/emails", signedIn, s.changeEmails},
		{post, "account/password", signedIn, s.changePassword},
		{post, "account/deactivate", signedIn, s.deactivate},
		{get, "tokens", signedIn, s.showTokens},
		{post, "tokens", signedIn, s.createToken},
		{post, "tokens/:id/revoke", signedIn, s.revokeToken},
	}
}

// home leads to what somebody works with.
func (s *Site) home(v *Visit) (reply, error) {
	if v.Session == nil {
		return redirect(Root + "sign-in/"), nil
	}
	return redirect(queuePath), nil
}

package edge

// PasswordPath is where on the site somebody sets their password by a link.
const PasswordPath = "/admin/password/"

// PasswordLink returns the address at which the token of a password link sets a
// password: beneath public, the address of the service, without scheme and host where
// that is "".
func PasswordLink(public, token string) string { return public + PasswordPath + token + "/" }

// PasswordLink is [PasswordLink] beneath the configured address.
func (f *Front) PasswordLink(token string) string { return PasswordLink(f.public, token) }

package localpg

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user the server runs as.
type account struct {
	name     string
	uid, gid uint32
	switched bool // another one than this process's
}

// accountFor returns this process's user, and for root, as whom Postgres
// refuses to run, the owner of the data, else postgres, else nobody.
func accountFor(data string) account {
	if os.Geteuid() != 0 {
		return account{name: strconv.Itoa(os.Geteuid()), uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	}
	if info, err := os.Stat(data); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			return account{name: strconv.Itoa(int(stat.Uid)), uid: stat.Uid, gid: stat.Gid, switched: true}
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseInt(u.Uid, 10, 64) // macOS counts nobody as -2
		gid, gidErr := strconv.ParseInt(u.Gid, 10, 64)
		if uidErr == nil && gidErr == nil {
			return account{name: name, uid: uint32(uid), gid: uint32(gid), switched: true}
		}
	}
	return account{name: "65534", uid: 65534, gid: 65534, switched: true} // nobody by custom
}

// credential is nil when the server runs as this process's own user.
func (a account) credential() *syscall.Credential {
	if !a.switched {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
}

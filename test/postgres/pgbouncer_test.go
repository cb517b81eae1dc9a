package postgres

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/internal/localpg"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// stock is Debian's configuration of pgbouncer, which is used as it is but for where
// things are.
const stock = "/etc/pgbouncer/pgbouncer.ini"

const password = "a-password-of-nobody-else"

func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	pgbouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("there is no pgbouncer here (Debian: apt-get install pgbouncer)")
	}
	if _, err := os.Stat(stock); err != nil {
		t.Skipf("pgbouncer's configuration is not where Debian has it: %v", err)
	}
	db := pgtest.New(t, pgtest.Empty())
	at := pool(t, pgbouncer, db)
	through := func(role string) string {
		u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: at, Path: db.Name}
		return u.String()
	}
	works(t, []string{
		"HELPDESK_DATABASE_URL=" + through(localpg.ServiceRole), "HELPDESK_DATABASE_OWNER_URL=" + through(localpg.OwnerRole),
	})
}

// pool starts a pgbouncer before the server of a database and returns its address.
func pool(t *testing.T, pgbouncer string, db *pgtest.DB) (addr string) {
	t.Helper()
	server, err := pgx.ParseConfig(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = listener.Addr().String()
	_, port, _ := net.SplitHostPort(addr) // it is one
	listener.Close()

	dir, err := os.MkdirTemp("", "helpdesk-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	files := map[string]string{
		"userlist.txt": fmt.Sprintf("%q %q\n%q %q\n", localpg.ServiceRole, password, localpg.OwnerRole, password),
		"pgbouncer.ini": fmt.Sprintf(`%%include %s
[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir = %s
auth_file = %[5]s/userlist.txt
logfile = %[5]s/log
pidfile = %[5]s/pid
`, stock, server.Host, server.Port, port, dir),
	}
	cmd := exec.Command(pgbouncer)
	// As the user of the server, who alone can enter the folder of its socket.
	info, err := os.Stat(server.Host)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() == 0 {
		who, err := user.LookupId(strconv.Itoa(int(owner.Uid)))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Args = append(cmd.Args, "-u", who.Username)
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	cmd.Args = append(cmd.Args, filepath.Join(dir, "pgbouncer.ini"))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // what it said is shown
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("pgbouncer: %s\n%s", &said, log)
		}
	})
	kit.Poll(t, "pgbouncer", func() bool {
		select {
		case <-ended:
			t.Fatalf("pgbouncer ended: %s", &said)
		default:
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return addr
}

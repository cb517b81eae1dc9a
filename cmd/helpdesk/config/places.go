package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// hostName is a name that a machine can have in the DNS or beside it.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$`)

// checkAddr refuses what nobody can listen on.
func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("use host and port, such as 127.0.0.1:8000")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("use a port from 0 to 65535, such as 127.0.0.1:8000")
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !hostName.MatchString(host) {
		return errors.New("use an address or the name of this machine, such as 127.0.0.1:8000")
	}
	return nil
}

// checkMetricsAddr refuses the address that clients have.
func (c Config) checkMetricsAddr() error {
	if c.MetricsAddr == "" {
		return nil
	}
	if err := checkAddr(c.MetricsAddr); err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(c.Addr)
	metricsHost, metricsPort, _ := net.SplitHostPort(c.MetricsAddr)
	if port == metricsPort && port != "0" && (host == metricsHost || everywhere(host) || everywhere(metricsHost)) {
		return errors.New("HELPDESK_ADDR listens there: use another port")
	}
	return nil
}

// everywhere reports whether who listens on a host listens on all addresses.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || (err == nil && addr.IsUnspecified())
}

// checkPublicURL refuses what no link can begin with.
func checkPublicURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", strings.HasSuffix(u.Host, ":"), !validHost(u.Hostname()):
		return errors.New("use a URL such as https://desk.example.com")
	case u.User != nil:
		return errors.New("use a URL without user and password, such as https://desk.example.com")
	case u.RawQuery != "", u.ForceQuery, strings.Contains(raw, "#"):
		return errors.New("use a URL without query and fragment, such as https://desk.example.com")
	case u.Port() != "":
		if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
			return errors.New("use a port from 1 to 65535, such as https://desk.example.com:8443")
		}
	}
	return nil
}

// validHost reports whether a host of a URL is an address or a name, which may have
// letters beyond ASCII.
func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return hostName.MatchString(strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)) {
			return 'x'
		}
		return r
	}, host))
}

// checkFolder refuses what is not the path of a folder that is there or can be made.
func checkFolder(path string) error {
	if path == "" || strings.ContainsFunc(path, unicode.IsControl) {
		return errors.New("use the path of a folder, such as ./var")
	}
	return nil
}

// checkPrograms refuses what is not the folder of the Postgres programs.
func checkPrograms(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Join(path, "postgres")); err != nil || info.IsDir() {
		return errors.New("use the folder with the program postgres, such as /usr/lib/postgresql/17/bin")
	}
	return nil
}

// CheckFile refuses the path of a folder and what is no path, where a file is wanted;
// it need not be there yet.
func CheckFile(path string) error {
	info, err := os.Stat(path)
	if strings.ContainsFunc(path, unicode.IsControl) || strings.HasSuffix(path, "/") || (err == nil && info.IsDir()) {
		return errors.New("use the path of a file")
	}
	return nil
}

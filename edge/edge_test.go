package edge

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestWhereARequestComesFrom(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct {
		name, peer, forwarded string
		proxies               []netip.Prefix
		want                  string
	}{
		{"the peer", "192.0.2.1:99", "", nil, "192.0.2.1"},
		{"a header nobody is trusted with", "192.0.2.1:99", "198.51.100.7", nil, "192.0.2.1"},
		{"a header of one who is not trusted", "192.0.2.1:99", "198.51.100.7", proxies, "192.0.2.1"},
		{"a trusted proxy", "10.1.2.3:99", "198.51.100.7", proxies, "198.51.100.7"},
		{"what the client made up before it", "10.1.2.3:99", "203.0.113.5, 198.51.100.7", proxies, "198.51.100.7"},
		{"two proxies", "[::1]:99", "203.0.113.5, 198.51.100.7 , 10.9.9.9", proxies, "198.51.100.7"},
		{"proxies alone", "10.1.2.3:99", "10.4.4.4,10.5.5.5", proxies, "10.4.4.4"},
		{"no header", "10.1.2.3:99", "", proxies, "10.1.2.3"},
		{"nonsense", "10.1.2.3:99", "198.51.100.7, unknown", proxies, "10.1.2.3"},
		{"IPv6 counts by network", "[2001:db8:1:2:3:4:5:6]:99", "", nil, "2001:db8:1:2::/64"},
		{"IPv4 written as IPv6", "[::ffff:192.0.2.1]:99", "", nil, "192.0.2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			front, err := NewFront(Config{TrustedProxies: c.proxies})
			if err != nil {
				t.Fatal(err)
			}
			if got := front.Address(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestALimiterIsBounded(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	l := NewLimiter(10, time.Minute, func() time.Time { return at })
	for i := range maxBuckets + 10 {
		l.Take(fmt.Sprint(i))
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
	at = at.Add(2 * time.Minute)
	if l.Take("x"); len(l.buckets) != 1 {
		t.Errorf("%d buckets after all filled up again", len(l.buckets))
	}
}

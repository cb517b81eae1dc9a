package access

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
)

var (
	ann  = domain.UserID{UUID: uuid.UUID{15: 1}}
	here = From{Address: "203.0.113.77", UserAgent: "curl/8"}
)

func TestWhatIsRecorded(t *testing.T) {
	long := strings.Repeat("ü", 5000)
	token := uuid.UUID{15: 7}
	for name, c := range map[string]struct{ got, want domain.Event }{
		"a sign-in":                      {SignIn(here), SignedIn{Address: "203.0.113.77", UserAgent: "curl/8"}},
		"a failed one of somebody":       {FailedSignIn(ann, here), SignInFailed{Address: "203.0.113.77", UserAgent: "curl/8"}},
		"a failed one of nobody known":   {FailedSignIn(domain.UserID{}, here), UnknownSignInFailed{Network: "203.0.113.0/24"}},
		"the use of a token":             {UseOfToken(token, here), TokenUsed{TokenID: token, Address: "203.0.113.77", UserAgent: "curl/8"}},
		"a reading":                      {Read("GET", "/api/tickets/", "q=x", here), RecordRead{Method: "GET", Path: "/api/tickets/", Query: "q=x", Address: "203.0.113.77", UserAgent: "curl/8"}},
		"a client with a very long name": {SignIn(From{UserAgent: long}), SignedIn{UserAgent: strings.Repeat("ü", AgentMax-1) + "…"}},
		"a very long query": {Read("GET", "/", long, From{}),
			RecordRead{Method: "GET", Path: "/", Query: strings.Repeat("ü", QueryMax-1) + "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := SignIn(From{UserAgent: strings.Repeat("x", AgentMax)}).(SignedIn).UserAgent; utf8.RuneCountInString(got) != AgentMax || strings.HasSuffix(got, "…") {
		t.Errorf("what just fits is cut: %q", got)
	}
}

func TestOfNobodyTheNetworkAlone(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "2001:db8:1:2::/64": "2001:db8:1::/48",
		"2001:db8:1:2::9": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48", "10.0.0.0/8": "10.0.0.0/8",
		"": "", "@": "", "203.0.113.77:80": "", "hunter2": "",
	} {
		t.Run(address, func(t *testing.T) {
			if got := Network(address); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestEachHasAStream(t *testing.T) {
	bob := domain.UserID{UUID: uuid.UUID{15: 2}}
	again := domain.UserID{UUID: uuid.UUID{15: 1}}
	if Stream(ann) != Stream(again) || Stream(ann) == Stream(bob) || Stream(ann) == Stream(domain.UserID{}) || Stream(ann) == ann.UUID {
		t.Error("streams are not one for each")
	}
	if got, want := Stream(domain.UserID{}).String(), "dd8bc2d8-3f76-5f35-bed9-9b6c364b1983"; got != want { // stored: it never changes
		t.Errorf("the stream of nobody known: got %s, want %s", got, want)
	}
}

//go:build browser

package browser

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// patience is far above what anything waited for takes.
const patience = 60 * time.Second

// chromium is the one browser of all tests; empty where there is none.
var chromium context.Context

func TestMain(m *testing.M) {
	ctx, end := chromedp.NewExecAllocator(context.Background(), chromedp.Headless, chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"))
	ctx, endBrowser := chromedp.NewContext(ctx)
	if _, err := chromiumPath(); err == nil {
		chromium = ctx
	}
	defer end()
	defer endBrowser()
	pgtest.Main(m)
}

func chromiumPath() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// tab is a page of a browser with cookies of its own, and all that it did.
type tab struct {
	ctx  context.Context
	base string

	mu       sync.Mutex
	said     []string // errors and warnings of the console and the policy
	foreign  []string // requests to other hosts
	bytes    map[string]float64
	requests map[network.RequestID]string
	actions  int // of a person: keys pressed and texts typed
}

// newTab opens one for a program, 1440 by 900.
func newTab(t *testing.T, base string) *tab {
	t.Helper()
	if chromium == nil {
		t.Skip("there is no Chromium here: the site is not tried in a browser (Debian: apt-get install chromium)")
	}
	if err := chromedp.Do(chromium); err != nil { // starts it
		t.Fatal(err)
	}
	ctx, end := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	ctx, cancel := context.WithTimeout(ctx, 5*patience)
	t.Cleanup(cancel)
	b := &tab{ctx: ctx, base: base, bytes: map[string]float64{}, requests: map[network.RequestID]string{}}
	b.must(t, chromedp.EmulateViewport(1440, 900))
	go b.listenToConsole()
	b.listenToNetwork(t)
	return b
}

func (b *tab) must(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatalf("%v; the page is at %s", err, evaluate[string](t, b, "location.href"))
	}
}

func evaluate[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *tab) listenToConsole() {
	for m, err := range chromedp.Console(b.ctx) {
		if err != nil {
			return
		}
		switch m.Type {
		case "debug", "info", "log":
			continue
		}
		b.mu.Lock()
		b.said = append(b.said, fmt.Sprintf("%s: %s (%s)", m.Type, m.Text, m.URL))
		b.mu.Unlock()
	}
}

// viewer is where Chromium has its own viewer of PDF from.
const viewer = "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/"

func (b *tab) listenToNetwork(t *testing.T) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Listen(b.ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests[e.RequestID] = e.Request.URL
			if !strings.HasPrefix(e.Request.URL, b.base) && !strings.HasPrefix(e.Request.URL, "data:") && !strings.HasPrefix(e.Request.URL, viewer) {
				b.foreign = append(b.foreign, e.Request.URL)
			}
		case *network.EventLoadingFinished:
			b.bytes[b.requests[e.RequestID]] = e.EncodedDataLength
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open goes to a path of the site and waits until it is loaded.
func (b *tab) open(t *testing.T, path string) {
	t.Helper()
	b.mu.Lock()
	clear(b.bytes)
	b.mu.Unlock()
	b.must(t, chromedp.Navigate(b.base+path))
	b.until(t, "parts that come later", "!document.querySelector('[aria-busy]')")
}

// until waits for an expression of JavaScript to be true.
func (b *tab) until(t *testing.T, what, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		// While one page goes and another comes there is nothing to ask.
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("%s did not come to pass at %s:\n%s", what, evaluate[string](t, b, "location.href"), evaluate[string](t, b, "document.body.innerText"))
		}
	}
}

// sees waits until the page shows a text.
func (b *tab) sees(t *testing.T, text string) {
	t.Helper()
	b.until(t, fmt.Sprintf("%q on the page", text), fmt.Sprintf("document.readyState === 'complete' && document.body.innerText.includes(%q)", text))
}

// signIn signs somebody in by the form.
func (b *tab) signIn(t *testing.T, username string) {
	t.Helper()
	b.open(t, "/admin/sign-in/")
	b.must(t, chromedp.SendKeys("#username", username), chromedp.SendKeys("#password", program.Secret+"\r"))
	b.until(t, "signed in", "location.pathname === '/admin/tickets/' && document.readyState === 'complete'")
}

// look has the page in a width and a scheme of colours.
func (b *tab) look(t *testing.T, width int64, scheme string) {
	t.Helper()
	b.must(t, chromedp.EmulateViewport(width, 900))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
}

// withoutScripts switches scripts off.
func (b *tab) withoutScripts(t *testing.T) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
}

// quiet fails the test when something complained, or asked another host.
func (b *tab) quiet(t *testing.T, where string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.said {
		t.Errorf("%s: the browser says: %s", where, s)
	}
	for _, s := range b.foreign {
		t.Errorf("%s: asked another host: %s", where, s)
	}
	b.said, b.foreign = nil, nil
}

// forgive forgets the complaint about an answer that was meant to be a refusal.
func (b *tab) forgive(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rest []string
	for _, s := range b.said {
		if !strings.Contains(s, fmt.Sprintf("status of %d", status)) {
			rest = append(rest, s)
		}
	}
	b.said = rest
}

// weight is what the page took over the wire, in bytes.
func (b *tab) weight() (sum float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for address, n := range b.bytes {
		if u, err := url.Parse(address); err == nil && !strings.HasPrefix(u.Path, "/api/") {
			sum += n
		}
	}
	return sum
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// shoot photographs the page, where that is wished for.
func (b *tab) shoot(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("BROWSER_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	name = unfit.ReplaceAllString(strings.ToLower(name), "-")
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// axeVersion is the release of axe-core that pages are judged by.
const axeVersion = "4.14.1"

// axe returns the source of axe-core, fetched once by npm, "" where there is no
// npm.
var axe = sync.OnceValues(func() (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", nil
	}
	folder, err := os.MkdirTemp("", "axe")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	pack := exec.Command(npm, "pack", "--silent", "axe-core@"+axeVersion)
	pack.Dir = folder
	if out, err := pack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack axe-core: %w\n%s", err, out)
	}
	var source bytes.Buffer
	unpack := exec.Command("tar", "-xzOf", "axe-core-"+axeVersion+".tgz", "package/axe.min.js")
	unpack.Dir, unpack.Stdout = folder, &source
	err = unpack.Run()
	return source.String(), err
})

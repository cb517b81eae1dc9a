// Package tiles holds the helpdesk's audit log against the tools of others: what
// transparency-dev wrote to read and check such logs, speaking HTTP to the true
// program.
package tiles

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 2 * time.Minute

// events returns how many the log has; TILES_EVENTS says otherwise.
func events(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("TILES_EVENTS"))
	if err != nil {
		return 100_000
	}
	return n
}

// public is the log as others meet it.
type public struct {
	*program.Helpdesk
	header   string // Authorization
	origin   string
	verifier note.Verifier
	fetcher  *client.HTTPFetcher
}

// open serves a database, fills it with n events, and waits until the log is
// signed to its end and the service has nothing else to do.
func open(t *testing.T, n int) public {
	t.Helper()
	db := pgtest.New(t)
	dir := t.TempDir()
	p := public{Helpdesk: program.OpenOn(t, db, "HELPDESK_DATA_DIR="+dir, "HELPDESK_PUBLIC_URL=https://desk.example.com/it", "HELPDESK_LOG_LEVEL=warn")}
	var token struct{ Token string }
	p.Admin.Must(t, http.StatusCreated, "POST", "/api/tokens/", map[string]any{"name": "auditor", "read_only": true}).Into(t, &token)
	p.header = "Bearer " + token.Token
	address, err := url.Parse(p.URL + "/audit/")
	if err != nil {
		t.Fatal(err)
	}
	if p.fetcher, err = client.NewHTTPFetcher(address, nil); err != nil {
		t.Fatal(err)
	}
	p.fetcher.SetAuthorizationHeader(p.header)
	fill(t, db, n)
	p.wait(t, fmt.Sprint(n, " events are signed"), func() bool { return p.signedSize(t) >= uint64(n) })
	p.wait(t, "the read models have caught up", func() bool {
		a, err := p.Admin.Do(t.Context(), "GET", "/api/me/", nil, "Min-Event-Position", fmt.Sprint(n))
		return err == nil && a.Status == http.StatusOK
	})

	vkey := p.Runs(t, "", "audit", "key")
	if published, err := os.ReadFile(filepath.Join(dir, "audit", "log.vkey")); err != nil || string(published) != vkey {
		t.Errorf("the key is published as %q, %v, and shown as %q", published, err, vkey)
	}
	if p.verifier, err = note.NewVerifier(strings.TrimSpace(vkey)); err != nil {
		t.Fatal(err)
	}
	p.origin = "desk.example.com/it"
	return p
}

// fill appends n events and more, as fast as the store takes them.
func fill(t *testing.T, db *pgtest.DB, n int) {
	t.Helper()
	store := eventstore.New(db.Pool(t), keys.Plain(), func([]string) {})
	defer store.Close()
	const perTicket = 100
	var group sync.WaitGroup
	room := make(chan struct{}, 32)
	for i := 0; i < n; i += perTicket {
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			opened := []domain.Event{ticket.Opened{Number: int64(i + 1), Title: "Printer", Description: "Düster — \"kaputt\".\n", Priority: ticket.Low}}
			for len(opened) < perTicket {
				opened = append(opened, ticket.Retitled{Title: fmt.Sprint("Plotter ", len(opened))})
			}
			_, err := store.Append(context.Background(), eventstore.Append{
				StreamID: uuid.Must(uuid.NewV7()), StreamType: domain.TicketStream, Events: opened,
				Metadata: eventstore.Metadata{ActorKind: domain.ActorSystem, CorrelationID: "fill"},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// wait waits until what is said is so.
func (p public) wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	limit := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it did not come about that %s\n%s", what, p.Log())
		}
	}
}

// signedSize returns how many events the newest checkpoint is of, 0 for none.
func (p public) signedSize(t *testing.T) uint64 {
	t.Helper()
	text, err := p.fetcher.ReadCheckpoint(t.Context())
	var c log.Checkpoint
	if err != nil {
		return 0
	}
	if _, err := c.Unmarshal(text); err != nil {
		t.Fatalf("checkpoint %q: %v", text, err)
	}
	return c.Size
}

// bundleHasher makes leaf hashes of a bundle.
func bundleHasher(text []byte) ([][]byte, error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(text); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range bundle.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func TestToolsOfOthersAcceptTheLog(t *testing.T) {
	t.Parallel()
	n := events(t)
	p := open(t, n)
	ctx := t.Context()

	text, err := p.fetcher.ReadCheckpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	signed, rest, _, err := log.ParseCheckpoint(text, p.origin, p.verifier)
	if err != nil || len(rest) > 0 || signed.Size < uint64(n) {
		t.Fatalf("the checkpoint: %+v, %q, %v", signed, rest, err)
	}
	if err := fsck.New(p.origin, p.verifier, p.fetcher, bundleHasher, fsck.Opts{N: 4}).Check(ctx); err != nil {
		t.Errorf("fsck: %v", err)
	}

	builder, err := client.NewProofBuilder(ctx, signed.Size, p.fetcher.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []uint64{0, 255, 256, signed.Size / 2, signed.Size - 1} {
		bundle, err := client.GetEntryBundle(ctx, p.fetcher.ReadEntryBundle, index/256, signed.Size)
		if err != nil {
			t.Fatal(err)
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(bundle.Entries[index%256])
		hashes, err := builder.InclusionProof(ctx, index)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, signed.Size, leaf, hashes, signed.Hash); err != nil {
			t.Errorf("index %d, by tiles: %v", index, err)
		}
		var served struct {
			LeafHash   []byte   `json:"leaf_hash"`
			RootHash   []byte   `json:"root_hash"`
			Hashes     [][]byte `json:"hashes"`
			Checkpoint *string  `json:"checkpoint"`
		}
		p.get(t, fmt.Sprintf("/api/audit/inclusion/?position=%d&size=%d", index+1, signed.Size), &served)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, signed.Size, leaf, served.Hashes, signed.Hash); err != nil {
			t.Errorf("index %d, as served: %v", index, err)
		}
		if string(served.LeafHash) != string(leaf) || string(served.RootHash) != string(signed.Hash) {
			t.Errorf("index %d: served is %x in %x", index, served.LeafHash, served.RootHash)
		}
	}
	for _, from := range []uint64{1, 256, 65536, signed.Size - 1, signed.Size} {
		if from > signed.Size {
			continue
		}
		var served struct {
			FromRoot []byte   `json:"from_root"`
			Hashes   [][]byte `json:"hashes"`
		}
		p.get(t, fmt.Sprintf("/api/audit/consistency/?from=%d&to=%d", from, signed.Size), &served)
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, from, signed.Size, served.Hashes, served.FromRoot, signed.Hash); err != nil {
			t.Errorf("from %d: %v", from, err)
		}
	}
}

// TestAMonitorFollowsTheLog keeps a client's view of a log that grows.
func TestAMonitorFollowsTheLog(t *testing.T) {
	t.Parallel()
	p := open(t, 300)
	ctx := t.Context()
	monitor, err := client.NewLogStateTracker(ctx, p.fetcher.ReadTile, nil, p.verifier, p.origin, client.UnilateralConsensus(p.fetcher.ReadCheckpoint))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		before := monitor.Latest().Size
		p.SignUp(t, fmt.Sprint("ada-", before))
		p.wait(t, "the log is signed further", func() bool { return p.signedSize(t) > before })
		if _, _, _, err := monitor.Update(ctx); err != nil {
			t.Fatal(err)
		}
		if after := monitor.Latest().Size; after <= before {
			t.Errorf("the monitor is at %d after %d", after, before)
		}
	}
}

// get reads JSON with the token.
func (p public) get(t *testing.T, path string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", p.header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

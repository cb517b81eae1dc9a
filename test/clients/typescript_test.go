package clients

import (
	"os"
	"testing"

	"helpdesk/test/program"
)

// TestTypeScriptClient does as TestGoClient, in TypeScript. It fetches packages,
// and so runs only where TEST_NODE_CLIENTS is set, as make test-clients does.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_NODE_CLIENTS") == "" {
		t.Skip("make test-clients runs it")
	}
	run(t, ".", "./typescript", program.Open(t).URL, program.Secret)
}

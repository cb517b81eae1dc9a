package picture

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

// file is where the README has the picture.
const file = "../../docs/site.svg"

var update = flag.Bool("update", false, "redraw the picture")

func TestTheREADMEHasThePictureOfTheSite(t *testing.T) {
	t.Parallel()
	want, err := Draw()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/site.svg is out of date (%v): run make picture and commit it", err)
	}
}

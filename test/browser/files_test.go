//go:build browser

package browser

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// picture writes an image of a colour into a folder and returns its path.
func picture(t *testing.T, name string) string {
	t.Helper()
	drawn := image.NewRGBA(image.Rect(0, 0, 200, 120))
	for x := range 200 {
		for y := range 120 {
			drawn.Set(x, y, color.RGBA{R: uint8(x), G: uint8(y * 2), B: 120, A: 255})
		}
	}
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err == nil {
		err = png.Encode(f, drawn)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// dropped has a file of text dropped or pasted on the reply box, as a script can.
const dropped = `{
	const data = new DataTransfer();
	data.items.add(new File(["it smokes"], %[1]q, { type: "text/plain" }));
	const box = document.querySelector("#reply-text");
	box.dispatchEvent(%[2]q === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
		: new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
	null
}`

func TestFilesAreChosenDroppedAndPasted(t *testing.T) {
	d := open(t)
	b := openTicket(t, d, d.fill(t), "agent")
	b.must(t, chromedp.SendKeys("#reply-text", "See the files."), chromedp.SetUploadFiles("#files", []string{picture(t, "smoke.png")}))
	b.sees(t, "smoke.png is uploaded.")
	evaluate[any](t, b, fmt.Sprintf(dropped, "dropped.txt", "drop"))
	b.sees(t, "dropped.txt is uploaded.")
	evaluate[any](t, b, fmt.Sprintf(dropped, "pasted.txt", "paste"))
	b.sees(t, "pasted.txt is uploaded.")
	evaluate[any](t, b, fmt.Sprintf(dropped, "virus.exe", "drop"))
	b.sees(t, "virus.exe: files that end in .exe are not taken")
	b.forgive(422)
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(t, width, scheme)
			b.shoot(t, fmt.Sprintf("files chosen %d %s", width, scheme))
		}
	}
	b.must(t, chromedp.Click(`//li[span[text()="pasted.txt"]]/button`))
	if left := evaluate[int](t, b, `document.querySelectorAll("[data-files-kept] li").length`); left != 2 {
		t.Errorf("%d files are left on the form", left)
	}
	b.must(t, chromedp.Click("#reply .primary"))
	b.sees(t, "Reply sent.")
	b.sees(t, "dropped.txt")
	b.until(t, "the picture", `document.querySelector(".files img")?.naturalWidth === 200`)
	for _, width := range []int64{390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			b.look(t, width, scheme)
			b.shoot(t, fmt.Sprintf("files shown %d %s", width, scheme))
			if wide := evaluate[int](t, b, "document.documentElement.scrollWidth"); int64(wide) > width {
				t.Errorf("at %d the page is %d wide", width, wide)
			}
		}
	}
	if text := evaluate[string](t, b, `fetch([...document.querySelectorAll(".files a")].find((a) => a.innerText === "dropped.txt").href).then((a) => a.text())`); text != "it smokes" {
		t.Errorf("the file reads %q", text)
	}
	b.quiet(t, "the files")
}

//go:build browser

package browser

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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

// document writes a PDF of a line into a folder and returns its path.
func document(t *testing.T, name string) string {
	t.Helper()
	const page = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n" +
		"4 0 obj<</Length 41>>stream\nBT /F1 24 Tf 50 100 Td (It smokes) Tj ET\nendstream endobj\n" +
		"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n"
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
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

func TestFilesAreShownAboveThePage(t *testing.T) {
	d := open(t)
	number := d.fill(t)
	b := openTicket(t, d, number, "agent")
	b.must(t, chromedp.SendKeys("#reply-text", "See both."), chromedp.SetUploadFiles("#files", []string{picture(t, "smoke.png")}))
	b.sees(t, "smoke.png is uploaded.")
	b.must(t, chromedp.SetUploadFiles("#files", []string{document(t, "smoke.pdf")}))
	b.sees(t, "smoke.pdf is uploaded.")
	b.must(t, chromedp.Click("#reply .primary"))
	b.until(t, "the thumbnail", `document.querySelector(".files .preview img")?.naturalWidth > 0`)
	if src := evaluate[string](t, b, `document.querySelector(".files .preview img").src`); !strings.HasSuffix(src, "/thumbnail/") {
		t.Errorf("what is shown small is at %s", src)
	}
	b.must(t, chromedp.Focus(".files .preview"), chromedp.KeyEvent("\r"))
	b.until(t, "the image", `document.querySelector("#preview[open] img")?.naturalWidth === 200 && document.querySelector("#preview h2").innerText === "smoke.png"`)
	shoot := func(what string) {
		for _, width := range []int64{390, 1440} {
			for _, scheme := range []string{"light", "dark"} {
				b.look(t, width, scheme)
				b.shoot(t, fmt.Sprintf("preview of %s %d %s", what, width, scheme))
				if wide := evaluate[int](t, b, `Math.max(document.documentElement.scrollWidth, document.querySelector("#preview").scrollWidth)`); int64(wide) > width {
					t.Errorf("at %d the page is %d wide", width, wide)
				}
			}
		}
	}
	shoot("an image")
	b.must(t, chromedp.KeyEvent(kb.ArrowRight))
	b.until(t, "the PDF", `document.querySelector("#preview[open] iframe")?.contentWindow.length === 0 && document.querySelector("#preview h2").innerText === "smoke.pdf"`)
	shoot("a PDF")
	b.must(t, chromedp.KeyEvent(kb.Escape))
	b.until(t, "the page again", `!document.querySelector("#preview[open]") && !document.querySelector("#preview iframe")`)
	if !evaluate[bool](t, b, `document.activeElement.matches(".files .preview")`) {
		t.Error("the focus is not where it was")
	}
	b.quiet(t, "the preview")

	b.withoutScripts(t)
	b.open(t, fmt.Sprintf("/admin/tickets/%d/", number))
	b.must(t, chromedp.Click(".files .preview"))
	b.until(t, "the image by itself", `location.pathname.endsWith("/content/") && document.images[0]?.naturalWidth === 200`)
}

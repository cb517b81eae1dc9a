package thumbnails_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"helpdesk/attachments/thumbnails"
)

var red, blue = color.RGBA{R: 200, A: 255}, color.RGBA{B: 200, A: 255}

// drawn returns an image whose left half is red and whose right half is another colour.
func drawn(w, h int, right color.Color) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, red)
			if x >= w/2 {
				m.Set(x, y, right)
			}
		}
	}
	return m
}

func written(t *testing.T, m image.Image, write func(io.Writer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }
func asGIF(w io.Writer, m image.Image) error  { return gif.Encode(w, m, nil) }

// held returns a JPEG that says how the camera was held.
func held(b []byte, turn uint16) []byte {
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint16(exif[24:], turn)
	app1 := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(append(bytes.Clone(b[:2]), app1...), exif...), b[2:]...)
}

func like(got, want color.Color) bool {
	near := func(a, b uint32) bool { return max(a, b)-min(a, b) < 0x2000 }
	r, g, b, _ := got.RGBA()
	x, y, z, _ := want.RGBA()
	return near(r, x) && near(g, y) && near(b, z)
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	photo := written(t, drawn(800, 400, blue), asJPEG)
	for name, c := range map[string]struct {
		image         []byte
		format        string
		w, h          int
		first, second image.Point // a red one and a blue one
	}{
		"a wide one":             {photo, "jpeg", 320, 160, image.Pt(10, 80), image.Pt(310, 80)},
		"a tall one":             {written(t, drawn(400, 800, blue), png.Encode), "jpeg", 160, 320, image.Pt(10, 80), image.Pt(150, 80)},
		"a small one":            {written(t, drawn(40, 20, blue), asGIF), "jpeg", 40, 20, image.Pt(5, 5), image.Pt(35, 5)},
		"a thin one":             {written(t, drawn(4000, 1, blue), png.Encode), "jpeg", 320, 1, image.Pt(10, 0), image.Pt(310, 0)},
		"a camera held left":     {held(photo, 6), "jpeg", 160, 320, image.Pt(80, 10), image.Pt(80, 310)},
		"a camera held right":    {held(photo, 8), "jpeg", 160, 320, image.Pt(80, 310), image.Pt(80, 10)},
		"a camera upside down":   {held(photo, 3), "jpeg", 320, 160, image.Pt(310, 80), image.Pt(10, 80)},
		"a camera held nonsense": {held(photo, 77), "jpeg", 320, 160, image.Pt(10, 80), image.Pt(310, 80)},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := thumbnails.NewMaker().Make(t.Context(), bytes.NewReader(c.image))
			if err != nil {
				t.Fatal(err)
			}
			m, format, err := image.Decode(bytes.NewReader(b))
			if err != nil || format != c.format || m.Bounds() != image.Rect(0, 0, c.w, c.h) {
				t.Fatalf("it is %s of %v: %v", format, m.Bounds(), err)
			}
			if !like(m.At(c.first.X, c.first.Y), red) || !like(m.At(c.second.X, c.second.Y), blue) {
				t.Errorf("it is %v and %v", m.At(c.first.X, c.first.Y), m.At(c.second.X, c.second.Y))
			}
		})
	}
	b, err := thumbnails.NewMaker().Make(t.Context(), bytes.NewReader(written(t, drawn(400, 400, color.Transparent), png.Encode)))
	if m, format, _ := image.Decode(bytes.NewReader(b)); err != nil || format != "png" || m.At(300, 100) != (color.NRGBA{}) {
		t.Errorf("what shines through is %s, %v", format, err)
	}
}

func TestWhatHasNoThumbnail(t *testing.T) {
	t.Parallel()
	whole := written(t, drawn(800, 400, blue), png.Encode)
	huge := bytes.Clone(whole)
	binary.BigEndian.PutUint32(huge[16:], 40_000)
	binary.BigEndian.PutUint32(huge[20:], 40_000)
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "an SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"a broken one": whole[:len(whole)/2], "one that says it is huge": huge,
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := thumbnails.NewMaker().Make(t.Context(), bytes.NewReader(b)); !errors.Is(err, thumbnails.ErrNone) {
				t.Errorf("%d bytes, %v", len(b), err)
			}
		})
	}
	broken := errors.New("the line broke")
	if _, err := thumbnails.NewMaker().Make(t.Context(), failing{bytes.NewReader(whole), broken}); !errors.Is(err, broken) || errors.Is(err, thumbnails.ErrNone) {
		t.Errorf("what cannot be read: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := thumbnails.NewMaker().Make(ended, bytes.NewReader(whole)); !errors.Is(err, context.Canceled) {
		t.Errorf("once nobody waits: %v", err)
	}
}

// failing reads the beginning of an image, and then an error.
type failing struct {
	*bytes.Reader
	err error
}

// Read implements [io.Reader].
func (f failing) Read(p []byte) (int, error) {
	if f.Reader.Size()-int64(f.Len()) > 100 {
		return 0, f.err
	}
	return f.Reader.Read(p[:min(len(p), 60)])
}

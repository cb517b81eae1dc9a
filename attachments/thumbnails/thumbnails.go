// Package thumbnails makes small images of large ones: PNG, JPEG, GIF and WebP.
package thumbnails

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // decodes
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decodes
	"golang.org/x/sync/semaphore"
)

const (
	// side is how many pixels a thumbnail has at most, in width and in height.
	side = 320
	// most is how many pixels an image may have of which one is made.
	most = 40_000_000
)

// ErrNone is the error for what no thumbnail can be made of: it is no image, a broken one,
// or too large.
var ErrNone = errors.New("no thumbnail can be made of it")

// Maker makes thumbnails. Of images in memory at once it has no more pixels than one may
// have, of up to some 16 bytes each. It is safe for concurrent use.
type Maker struct{ room *semaphore.Weighted }

// NewMaker returns a maker.
func NewMaker() *Maker { return &Maker{room: semaphore.NewWeighted(most)} }

// Make returns a thumbnail of an image, upright, as PNG where something shines through it
// and else as JPEG. Nothing is kept of what the image says beside its pixels. Its errors are
// [ErrNone], those of reading, and that of ctx where it ends before there is room.
func (m *Maker) Make(ctx context.Context, r io.ReadSeeker) ([]byte, error) {
	source := &watched{ReadSeeker: r}
	config, format, err := image.DecodeConfig(source)
	pixels := int64(config.Width) * int64(config.Height)
	if err != nil || pixels <= 0 || pixels > most {
		return nil, source.none(err)
	}
	if err := m.room.Acquire(ctx, pixels); err != nil {
		return nil, err
	}
	defer m.room.Release(pixels)
	turn := 1
	if format == "jpeg" {
		if turn, err = orientation(source); err != nil {
			return nil, source.none(err)
		}
	}
	if _, err := source.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	whole, _, err := image.Decode(source)
	if err != nil {
		return nil, source.none(err)
	}
	return encoded(upright(scaled(whole), turn))
}

// scaled returns an image that is no larger than a thumbnail. Of a much larger one as many
// pixels are mixed as make a good one: all of them would take thirty times as long.
func scaled(of image.Image) *image.RGBA {
	const enough = 4 * side
	if max(of.Bounds().Dx(), of.Bounds().Dy()) > enough {
		of = scaledTo(of, enough, draw.NearestNeighbor)
	}
	return scaledTo(of, side, draw.BiLinear)
}

// scaledTo returns an image with at most so many pixels in width and in height.
func scaledTo(of image.Image, most int, by draw.Scaler) *image.RGBA {
	w, h := of.Bounds().Dx(), of.Bounds().Dy()
	if longest := max(w, h); longest > most {
		w, h = max(1, w*most/longest), max(1, h*most/longest)
	}
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	by.Scale(scaled, scaled.Bounds(), of, of.Bounds(), draw.Src, nil)
	return scaled
}

func encoded(small *image.RGBA) ([]byte, error) {
	var b bytes.Buffer
	if !small.Opaque() {
		err := png.Encode(&b, small)
		return b.Bytes(), err
	}
	const quality = 80
	err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// orientation returns how a camera was held, as EXIF numbers it; 1: upright.
func orientation(r io.ReadSeeker) (turn int, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	turn = 1
	_, err = imagemeta.Decode(imagemeta.Options{
		R: r, ImageFormat: imagemeta.JPEG, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && n >= 1 && n <= 8 {
				turn = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if imagemeta.IsInvalidFormat(err) {
		err = nil // the pixels may be fine
	}
	return turn, err
}

// upright returns an image as it is seen by whoever held the camera so (EXIF 2.32 §4.6.4,
// Orientation).
func upright(of *image.RGBA, turn int) *image.RGBA {
	w, h := of.Bounds().Dx(), of.Bounds().Dy()
	if turn == 1 {
		return of
	}
	turned := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		turned = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := place(x, y, w, h, turn)
			turned.SetRGBA(tx, ty, of.RGBAAt(x, y))
		}
	}
	return turned
}

// place returns where a pixel of an image of w by h is once that is upright.
func place(x, y, w, h, turn int) (int, int) {
	switch turn {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}

// watched is what is read of an image, with the error that ended it; nil: none did.
type watched struct {
	io.ReadSeeker
	failed error
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		w.failed = err
	}
	return n, err
}

// none returns the error of reading, and where there was none [ErrNone].
func (w *watched) none(err error) error {
	switch {
	case w.failed != nil:
		return w.failed
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	return ErrNone
}

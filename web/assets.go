package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
)

//go:embed static
var staticFiles embed.FS

// staticPath is where static files are, each under its hash.
const staticPath = Root + "static/"

// asset is a static file.
type asset struct {
	hash      string // of its content, part of its address
	mediaType string
	content   []byte
}

// mediaTypes are those of static files, by the end of the name: the system's
// own table may not know them.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func loadAssets() (map[string]asset, error) {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, err
	}
	all := map[string]asset{}
	for _, e := range entries {
		content, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, err
		}
		mediaType := mediaTypes[path.Ext(e.Name())]
		if mediaType == "" {
			return nil, fmt.Errorf("static file %s: of what media type?", e.Name())
		}
		sum := sha256.Sum256(content)
		all[e.Name()] = asset{hash: hex.EncodeToString(sum[:8]), mediaType: mediaType, content: content}
	}
	return all, nil
}

// address returns where a static file is.
func (s *Site) address(name string) string {
	return staticPath + s.static[name].hash + "/" + name
}

// serveStatic sends a static file under the hash it has now. Another content
// gets another address, so that what is kept is never out of date.
func (s *Site) serveStatic(g *gin.Context) {
	file, ok := s.static[g.Param("name")]
	if !ok || g.Param("hash") != file.hash {
		s.refuse(visitOf(g), domain.ErrNotFound)
		return
	}
	h := g.Writer.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Del("Vary")
	h.Set("Content-Type", file.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(file.content)))
	g.Writer.WriteHeader(http.StatusOK)
	_, _ = g.Writer.Write(file.content) // the client is gone: nobody to tell
}

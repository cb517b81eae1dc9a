package httpapi

import (
	"embed"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5emb"
)

// pages are what people look at: the front page and the index of Swagger UI,
// with a style and a script of our own.
//
//go:embed pages
var pages embed.FS

const swaggerPath = "/swagger"

// swaggerAssets are what the index takes of Swagger UI. Its own index is not
// among them: that has its script inside, which the policy forbids.
var swaggerAssets = []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}

// ownAssets are of pages, by the path they are served at.
var ownAssets = map[string]string{
	"/assets/page.css":             "text/css; charset=utf-8",
	swaggerPath + "/configure.js":  "text/javascript; charset=utf-8",
	swaggerPath + "/configure.css": "text/css; charset=utf-8",
}

// What a page may load: nothing from elsewhere, nothing that stands inside it.
// Swagger UI draws with images inside its style.
const (
	pagePolicy    = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	swaggerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// servePages registers the pages and what they load.
func (a *API) servePages(get func(string, ...gin.HandlerFunc)) {
	get("/", page("index.html", pagePolicy))
	get(swaggerPath, page("swagger.html", swaggerPolicy))
	for at, mediaType := range ownAssets {
		get(at, asset(path.Base(at), mediaType))
	}
	ui := v5emb.New("Helpdesk", documentPath, swaggerPath)
	for _, name := range swaggerAssets {
		get(swaggerPath+"/"+name, func(g *gin.Context) {
			public(g.Writer.Header())
			ui.ServeHTTP(g.Writer, g.Request)
		})
	}
}

// page serves a page under a policy.
func page(name, policy string) gin.HandlerFunc {
	send := asset(name, "text/html; charset=utf-8")
	return func(g *gin.Context) {
		header := g.Writer.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("X-Frame-Options", "DENY")
		send(g)
	}
}

// asset serves a file of pages.
func asset(name, mediaType string) gin.HandlerFunc {
	return func(g *gin.Context) {
		text, err := pages.ReadFile("pages/" + name)
		if err != nil { // embedded: it is there
			panic(err)
		}
		public(g.Writer.Header())
		writeBody(g.Writer, http.StatusOK, mediaType, text)
	}
}

// public marks an answer as the same for everybody, to be asked for anew.
func public(h http.Header) {
	h.Set("Cache-Control", "public, no-cache")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Del("Vary")
}

// forPeople reports whether a path leads to a page or to what one loads: the
// document is not about them.
func forPeople(at string) bool {
	return at == "/" || at == swaggerPath || strings.HasPrefix(at, "/assets/") ||
		ownAssets[at] != "" || slices.Contains(swaggerAssets, strings.TrimPrefix(at, swaggerPath+"/"))
}

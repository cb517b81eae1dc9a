package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
	"helpdesk/httpapi/problem"
)

// readyWait bounds all the checks of one /readyz together.
const readyWait = time.Second

// NewOperations makes what answers the operators of a process that serves no
// clients: /healthz, /readyz and /metrics. Of deps it needs Log, Metrics and
// Checks.
func NewOperations(deps Deps) *API {
	a := newBare(deps, Config{})
	a.front, _ = Config{}.newFront() // nothing is set that could be wrong
	a.newEngine()
	return a
}

// operate registers what operators ask, outside the table: no client's call.
func (a *API) operate(engine *gin.Engine) {
	get := getter(engine)
	get("/healthz", healthy)
	get("/readyz", a.ready)
	if a.Metrics != nil {
		get("/metrics", gin.WrapH(a.Metrics))
	}
}

// explain registers what tells of the API: its document and the pages.
func (a *API) explain(engine *gin.Engine) {
	get := getter(engine)
	get(documentPath, a.serveDocument)
	a.servePages(get)
}

// getter returns how a path is registered for GET, and so for HEAD.
func getter(engine *gin.Engine) func(path string, handlers ...gin.HandlerFunc) {
	return func(path string, handlers ...gin.HandlerFunc) {
		engine.GET(path, handlers...)
		engine.HEAD(path, handlers...)
	}
}

// healthy is the call of whoever looks whether the process lives.
func healthy(g *gin.Context) {
	writeBody(g.Writer, http.StatusOK, "application/json", []byte(`{"status":"ok"}`+"\n"))
}

// ready reports whether calls can be answered now, else what is not in order. The
// reasons go to the log.
func (a *API) ready(g *gin.Context) {
	ctx, cancel := context.WithTimeout(g.Request.Context(), readyWait)
	defer cancel()
	var faults []problem.Violation
	for _, check := range a.Checks {
		if err := check.Ready(ctx); err != nil {
			a.Log.LogAttrs(ctx, slog.LevelWarn, "not ready",
				slog.String("check", check.Name), slog.Any("error", err))
			fault := problem.Violation{Pointer: check.Name, Code: "not_ready", Detail: check.Name + " is not ready"}
			if reason, ok := errors.AsType[*domain.Error](err); ok { // words that are for everybody
				fault.Code, fault.Detail = reason.Code, reason.Message
			}
			faults = append(faults, fault)
		}
	}
	if faults == nil {
		health := Health{Status: "ready"}
		if a.Paused != nil {
			health.Paused = a.Paused()
		}
		if a.Warnings != nil {
			health.Warnings = a.Warnings()
		}
		body, _ := Encode(health) // it is texts
		writeBody(g.Writer, http.StatusOK, jsonType, body)
		return
	}
	a.refuse(g, &problem.Refusal{
		Status: http.StatusServiceUnavailable, Code: "not_ready",
		Detail: "not ready: errors lists what is not in order", Violations: faults,
	})
}

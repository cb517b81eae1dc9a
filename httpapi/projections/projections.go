// Package projections is where the projections stand, for operators: to see, to
// hold and to rebuild them.
package projections

import (
	"context"
	"math"
	"net/http"

	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/rebuild"
)

// Standing is where the projections stand; see [rebuild.Projections]. What there is
// not is [domain.ErrNotFound].
type Standing interface {
	List(ctx context.Context) ([]rebuild.Status, error)
	Status(ctx context.Context, name string) (rebuild.Status, error)
}

// Control holds projections and has them rebuilt; see [rebuild.Projections]. What
// there is not is [domain.ErrNotFound].
type Control interface {
	Pause(ctx context.Context, name string) error
	Resume(ctx context.Context, name string) error
	// Request has the service rebuild a projection; accept lets the new tables
	// differ from the old ones.
	Request(ctx context.Context, name string, accept bool) error
}

// Resource is the calls on projections.
type Resource struct {
	Standing Standing
	Control  Control
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Projections", "Projections: how far they are, and rebuilding them.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/projections/", ID: "listProjections",
			Summary: "List projections and how far they are",
			About:   "For admins and auditors.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/projections/{name}/", ID: "getProjection",
			Summary: "Read how far a projection and its rebuild are",
			About:   "For admins and auditors.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/projections/{name}/rebuild/", ID: "rebuildProjection",
			Summary: "Rebuild a projection",
			About:   "For admins. Staging tables are filled from the log and take the place of those that are read; reads are answered throughout. The rebuild begins within seconds, survives the process that does it, and is followed at Location. One that failed goes on where it was.",
			Who:     httpapi.SignedIn, Status: http.StatusAccepted, Handler: httpapi.Handle(r.rebuild),
			Never:   []int{http.StatusPreconditionFailed},
			Headers: []string{"Location"},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/projections/{name}/pause/", ID: "pauseProjection",
			Summary: "Pause a projection",
			About:   "For admins. It answers with what it has, in all processes, until it is resumed; writes do not wait for it.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.pause),
			Never: []int{http.StatusPreconditionFailed},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/projections/{name}/resume/", ID: "resumeProjection",
			Summary: "Resume a projection",
			About:   "For admins. It goes on within a second.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.resume),
			Never: []int{http.StatusPreconditionFailed},
		},
	)
}

// Projection is a read model and where it stands.
type Projection struct {
	Name             string             `json:"name" required:"true"`
	State            rebuild.State      `json:"state" required:"true" enum:"following,paused,stalled,rebuilding" description:"One that is rebuilt follows the log meanwhile."`
	Position         int64              `json:"position" required:"true" description:"Everything up to here in the log is in it, or failed."`
	Head             int64              `json:"head" required:"true" description:"The newest position of the log."`
	Lag              int64              `json:"lag" required:"true" description:"Positions it has before it."`
	Failed           int64              `json:"failed" required:"true" description:"Events that could not be applied."`
	PausedAt         *wire.Time         `json:"paused_at" required:"true" description:"null: it is not paused."`
	TablesVersion    int                `json:"tables_version" required:"true" description:"Version of the code that built its tables."`
	CodeVersion      int                `json:"code_version" required:"true" description:"Version of the code that is running; another one asks for a rebuild."`
	PreviousPosition *int64             `json:"previous_position" required:"true" description:"Of the previous tables, from before the last rebuild; null: there are none."`
	Rebuild          *ProjectionRebuild `json:"rebuild" required:"true" description:"The one under way, else the last; null: there was none."`
}

// ProjectionRebuild is a rebuild and how far it has come.
type ProjectionRebuild struct {
	Kind             rebuild.Kind  `json:"kind" required:"true" enum:"rebuild,rollback" description:"From the first event, or from the previous tables."`
	Phase            rebuild.Phase `json:"phase" required:"true" enum:"waiting,filling,indexing,comparing,swapping,done,failed"`
	Active           bool          `json:"active" required:"true" description:"Whether a process is at work on it."`
	Position         int64         `json:"position" required:"true" description:"Everything up to here is in the new tables."`
	Target           int64         `json:"target" required:"true" description:"The position of the old tables."`
	Progress         float64       `json:"progress" required:"true" description:"From 0 to 1."`
	EventsPerSecond  *float64      `json:"events_per_second" required:"true" description:"null: not known."`
	RemainingSeconds *float64      `json:"remaining_seconds" required:"true" description:"null: not known."`
	BeganAt          wire.Time     `json:"began_at" required:"true"`
	EndedAt          *wire.Time    `json:"ended_at" required:"true" description:"null: it is not over."`
	Error            *string       `json:"error" required:"true" description:"Why it failed."`
	ErrorPosition    *int64        `json:"error_position" required:"true" description:"Of the event it failed at, where it was one."`
}

// ProjectionList is all projections, by name.
type ProjectionList struct {
	Results []Projection `json:"results" required:"true" nullable:"false"`
}

// ProjectionPath is the path of calls on one projection.
type ProjectionPath struct {
	Name string `path:"name" json:"-" description:"Such as ticket_list."`
}

// RebuildOrder is the body of a call for a rebuild.
type RebuildOrder struct {
	ProjectionPath
	Accept bind.Optional[bool] `json:"accept" description:"Put the new tables in place also when they differ from the old ones; false when left out."`
}

// Example is the body, or the answer, as the document shows it.
func (RebuildOrder) Example() string {
	return `{"accept": false}`
}

func projectionView(s rebuild.Status) Projection {
	return Projection{
		Name: s.Name, State: s.State, Position: s.Position, Head: s.Head, Lag: s.Lag(), Failed: s.Failed,
		PausedAt: wire.TimeOf(s.PausedAt), TablesVersion: s.Version, CodeVersion: s.CodeVersion, PreviousPosition: s.Previous, Rebuild: rebuildView(s.Rebuild),
	}
}

func rebuildView(r *rebuild.Rebuild) *ProjectionRebuild {
	if r == nil {
		return nil
	}
	v := &ProjectionRebuild{
		Kind: r.Kind, Phase: r.Phase, Active: r.Active, Position: r.Position, Target: r.Target, Progress: 1,
		BeganAt: wire.At(r.BeganAt), EndedAt: wire.TimeOf(r.EndedAt), ErrorPosition: r.ErrorPosition,
	}
	if r.Target > 0 {
		v.Progress = math.Round(float64(r.Position)/float64(r.Target)*1000) / 1000
	}
	if r.Remaining != nil {
		rate, left := math.Round(r.Rate), math.Round(r.Remaining.Seconds())
		v.EventsPerSecond, v.RemainingSeconds = &rate, &left
	}
	if r.Error != "" {
		v.Error = &r.Error
	}
	return v
}

// mayOperate lets admins hold and rebuild read models; admins and auditors see
// where they stand.
func mayOperate(actor domain.Actor) error {
	if actor.Role != domain.RoleAdmin {
		return domain.ErrForbidden
	}
	return nil
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (ProjectionList, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return ProjectionList{}, err
	}
	all, err := r.Standing.List(ctx)
	out := ProjectionList{Results: make([]Projection, len(all))}
	for i, s := range all {
		out.Results[i] = projectionView(s)
	}
	return out, err
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in ProjectionPath) (Projection, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return Projection{}, err
	}
	s, err := r.Standing.Status(ctx, in.Name)
	return projectionView(s), err
}

func (r Resource) rebuild(ctx context.Context, c *httpapi.Call, in RebuildOrder) (Projection, error) {
	out, err := r.change(ctx, c, in.Name, func(ctx context.Context, name string) error {
		return r.Control.Request(ctx, name, in.Accept.Value)
	})
	if err == nil {
		c.Header.Set("Location", "/api/projections/"+out.Name+"/")
	}
	return out, err
}

func (r Resource) pause(ctx context.Context, c *httpapi.Call, in ProjectionPath) (Projection, error) {
	return r.change(ctx, c, in.Name, r.Control.Pause)
}

func (r Resource) resume(ctx context.Context, c *httpapi.Call, in ProjectionPath) (Projection, error) {
	return r.change(ctx, c, in.Name, r.Control.Resume)
}

// change does something to a projection and returns where it stands then.
func (r Resource) change(ctx context.Context, c *httpapi.Call, name string, do func(context.Context, string) error) (Projection, error) {
	if err := mayOperate(c.Actor); err != nil {
		return Projection{}, err
	}
	if err := do(ctx, name); err != nil {
		return Projection{}, err
	}
	s, err := r.Standing.Status(ctx, name)
	return projectionView(s), err
}

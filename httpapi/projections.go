package httpapi

import (
	"context"
	"math"

	"helpdesk/domain"
	"helpdesk/rebuild"
)

// Projections are the read models as operators see them; see
// [rebuild.Projections]. What there is not is [domain.ErrNotFound].
type Projections interface {
	List(ctx context.Context) ([]rebuild.Status, error)
	Status(ctx context.Context, name string) (rebuild.Status, error)
	Pause(ctx context.Context, name string) error
	Resume(ctx context.Context, name string) error
	// Request has the service rebuild a projection; accept lets the new tables
	// differ from the old ones.
	Request(ctx context.Context, name string, accept bool) error
}

// Projection is a read model and where it stands.
type Projection struct {
	Name          string             `json:"name" required:"true"`
	State         rebuild.State      `json:"state" required:"true" enum:"following,paused,stalled,rebuilding" description:"One that is rebuilt follows the log meanwhile."`
	Position      int64              `json:"position" required:"true" description:"Everything up to here in the log is in it, or failed."`
	Head          int64              `json:"head" required:"true" description:"The newest position of the log."`
	Lag           int64              `json:"lag" required:"true" description:"Positions it has before it."`
	Failed        int64              `json:"failed" required:"true" description:"Events that could not be applied."`
	PausedAt      *Time              `json:"paused_at" required:"true" description:"null: it is not paused."`
	TablesVersion int                `json:"tables_version" required:"true" description:"Version of the code that built its tables."`
	CodeVersion   int                `json:"code_version" required:"true" description:"Version of the code that is running; another one asks for a rebuild."`
	KeptPosition  *int64             `json:"kept_position" required:"true" description:"Of the tables from before the last rebuild; null: none are kept."`
	Rebuild       *ProjectionRebuild `json:"rebuild" required:"true" description:"The one under way, else the last; null: there was none."`
}

// ProjectionRebuild is a rebuild and how far it has come.
type ProjectionRebuild struct {
	Kind             rebuild.Kind  `json:"kind" required:"true" enum:"rebuild,rollback" description:"From the first event, or from the tables that were kept."`
	Phase            rebuild.Phase `json:"phase" required:"true" enum:"waiting,filling,indexing,comparing,swapping,done,failed"`
	Active           bool          `json:"active" required:"true" description:"Whether a process is at work on it."`
	Position         int64         `json:"position" required:"true" description:"Everything up to here is in the new tables."`
	Target           int64         `json:"target" required:"true" description:"The position of the old tables."`
	Progress         float64       `json:"progress" required:"true" description:"From 0 to 1."`
	EventsPerSecond  *float64      `json:"events_per_second" required:"true" description:"null: not known."`
	RemainingSeconds *float64      `json:"remaining_seconds" required:"true" description:"null: not known."`
	BeganAt          Time          `json:"began_at" required:"true"`
	EndedAt          *Time         `json:"ended_at" required:"true" description:"null: it is not over."`
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
	Accept Optional[bool] `json:"accept" description:"Put the new tables in place also when they differ from the old ones; false when left out."`
}

func projectionView(s rebuild.Status) Projection {
	return Projection{
		Name: s.Name, State: s.State, Position: s.Position, Head: s.Head, Lag: s.Lag(), Failed: s.Failed,
		PausedAt: timeOf(s.PausedAt), TablesVersion: s.Version, CodeVersion: s.CodeVersion, KeptPosition: s.Kept, Rebuild: rebuildView(s.Rebuild),
	}
}

func rebuildView(r *rebuild.Rebuild) *ProjectionRebuild {
	if r == nil {
		return nil
	}
	v := &ProjectionRebuild{
		Kind: r.Kind, Phase: r.Phase, Active: r.Active, Position: r.Position, Target: r.Target, Progress: 1,
		BeganAt: Time{r.BeganAt}, EndedAt: timeOf(r.EndedAt), ErrorPosition: r.ErrorPosition,
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

func (a *API) listProjections(ctx context.Context, c *Call, _ Empty) (ProjectionList, error) {
	if err := mayAudit(c.Actor); err != nil {
		return ProjectionList{}, err
	}
	all, err := a.Projections.List(ctx)
	out := ProjectionList{Results: make([]Projection, len(all))}
	for i, s := range all {
		out.Results[i] = projectionView(s)
	}
	return out, err
}

func (a *API) getProjection(ctx context.Context, c *Call, in ProjectionPath) (Projection, error) {
	if err := mayAudit(c.Actor); err != nil {
		return Projection{}, err
	}
	s, err := a.Projections.Status(ctx, in.Name)
	return projectionView(s), err
}

func (a *API) rebuildProjection(ctx context.Context, c *Call, in RebuildOrder) (Projection, error) {
	out, err := a.toProjection(ctx, c, in.Name, func(ctx context.Context, name string) error {
		return a.Projections.Request(ctx, name, in.Accept.Value)
	})
	if err == nil {
		c.header.Set("Location", "/api/projections/"+out.Name+"/")
	}
	return out, err
}

func (a *API) pauseProjection(ctx context.Context, c *Call, in ProjectionPath) (Projection, error) {
	return a.toProjection(ctx, c, in.Name, a.Projections.Pause)
}

func (a *API) resumeProjection(ctx context.Context, c *Call, in ProjectionPath) (Projection, error) {
	return a.toProjection(ctx, c, in.Name, a.Projections.Resume)
}

// toProjection does something to a projection and answers where it stands then.
func (a *API) toProjection(ctx context.Context, c *Call, name string, do func(context.Context, string) error) (Projection, error) {
	if err := mayOperate(c.Actor); err != nil {
		return Projection{}, err
	}
	if err := do(ctx, name); err != nil {
		return Projection{}, err
	}
	s, err := a.Projections.Status(ctx, name)
	return projectionView(s), err
}

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersionIsOneLineWithCommitAndDate(t *testing.T) {
	version, commit, date = "v1.2.3", "0123456789ab", "2030-01-02T03:04:05Z"
	t.Cleanup(func() { version, commit, date = "", "", "" })
	out, err := run(t, "version")
	if err != nil {
		t.Fatal(err)
	}
	want := "helpdesk v1.2.3, commit 0123456789ab of 2030-01-02T03:04:05Z (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	if out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestBuildWithoutMakeHasTheVersionGoRecorded(t *testing.T) {
	for _, c := range []struct {
		name string
		info debug.BuildInfo
		want release
	}{
		{name: "nothing recorded", want: release{version: "development"}},
		{
			name: "a checkout with changes",
			info: debug.BuildInfo{
				Main: debug.Module{Version: "(devel)"},
				Settings: []debug.BuildSetting{
					{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2030-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
				},
			},
			want: release{version: "development", commit: "0123456789ab-dirty", date: "2030-01-02T03:04:05Z"},
		},
		{
			name: "installed by its version",
			info: debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}},
			want: release{version: "v1.2.3"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := recordedIn(&c.info); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

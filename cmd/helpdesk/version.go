package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What make build sets; a build without it has what Go recorded.
var version, commit, date string

// release is a build of the program.
type release struct{ version, commit, date string }

// built returns what is known of this build, each part "unknown" where nothing is.
func built() release {
	recorded := release{version: "development"}
	if info, ok := debug.ReadBuildInfo(); ok {
		recorded = recordedIn(info)
	}
	return release{
		version: cmp.Or(version, recorded.version),
		commit:  cmp.Or(commit, recorded.commit, "unknown"),
		date:    cmp.Or(date, recorded.date, "unknown"),
	}
}

// recordedIn returns what the go command recorded of a build.
func recordedIn(info *debug.BuildInfo) release {
	r := release{version: "development"}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		r.version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.commit = s.Value[:min(len(s.Value), 12)] + r.commit // "-dirty" may have come before
		case "vcs.time":
			r.date = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				r.commit += "-dirty"
			}
		}
	}
	return r
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, its commit and its date",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := built()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "helpdesk %s, commit %s of %s (%s, %s/%s)\n",
				r.version, r.commit, r.date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

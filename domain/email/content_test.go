package email

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnclose(t *testing.T) {
	t.Parallel()
	file := func(size int64, left Left) File { return File{Size: size, Left: left} }
	for name, c := range map[string]struct {
		files []File
		want  []Left
	}{
		"none":                           {nil, nil},
		"all that fit":                   {[]File{file(FilesMax-1, ""), file(1, "")}, []Left{"", ""}},
		"one that does not":              {[]File{file(FilesMax+1, "")}, []Left{TooLarge}},
		"a small one behind a large one": {[]File{file(6<<20, ""), file(5<<20, ""), file(4<<20, "")}, []Left{"", TooLarge, ""}},
		"one that is gone takes no room": {[]File{file(FilesMax, Destroyed), file(FilesMax, "")}, []Left{Destroyed, ""}},
		"one for which no room is left":  {[]File{file(FilesMax, ""), file(1, "")}, []Left{"", TooLarge}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Left
			for _, f := range Enclose(slices.Clone(c.files)) {
				got = append(got, f.Left)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("what is left out (-want +got):\n%s", diff)
			}
		})
	}
}

package httpapi

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helpdesk/commands"
	"helpdesk/httpapi/problem"
)

// maxETags bounds the list in If-Match: each costs a look at the stream.
const maxETags = 8

// etagList is RFC 9110 §8.8.3: entity tags between commas.
var (
	etag     = regexp.MustCompile(`(?:W/)?"[^"\x00-\x20\x7F]*"`)
	etagList = regexp.MustCompile(`^[ \t,]*` + etag.String() + `(?:[ \t]*,[ \t]*(?:` + etag.String() + `)?)*[ \t]*$`)
)

// entityTags returns the tags a header lists, nil when it is absent; star for "*".
func entityTags(h http.Header, name string) (tags []string, star bool, err error) {
	text := strings.TrimSpace(strings.Join(h.Values(name), ","))
	switch {
	case len(h.Values(name)) == 0:
		return nil, false, nil
	case text == "*":
		return nil, true, nil
	case !etagList.MatchString(text):
		return nil, false, problem.Header(name, `must be * or entity tags in double quotes, such as "3"`)
	}
	if tags = etag.FindAllString(text, -1); len(tags) > maxETags {
		return nil, false, problem.Header(name, "too many entity tags")
	}
	return tags, false, nil
}

// wantedVersions returns the versions If-Match allows, nil for any. A tag that
// can't match is commands.NoVersion. A tag of ours that was made weak on its way, as
// proxies do that compress answers, names the same version; RFC 9110 §13.1.1 would
// have it match nothing, and its owner could never write.
func wantedVersions(h http.Header) ([]int, error) {
	tags, _, err := entityTags(h, "If-Match")
	var versions []int
	for _, tag := range tags {
		if v := versionOf(strings.TrimPrefix(tag, "W/")); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	return versions, err
}

func versionOf(tag string) int {
	text := strings.Trim(tag, `"`)
	version, err := strconv.Atoi(text)
	if err != nil || version <= 0 || etagOf(version) != tag {
		return commands.NoVersion
	}
	return version
}

// etagOf is the entity tag of a version.
func etagOf(version int) string { return `"` + strconv.Itoa(version) + `"` }

// unmodified reports whether If-None-Match lists tag, compared weakly
// (RFC 9110 §13.1.2).
func unmodified(h http.Header, tag string) (bool, error) {
	tags, star, err := entityTags(h, "If-None-Match")
	if err != nil || star {
		return star, err
	}
	return slices.ContainsFunc(tags, func(t string) bool { return strings.TrimPrefix(t, "W/") == tag }), nil
}

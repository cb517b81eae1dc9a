// Package browser opens the site in a real Chromium and uses it as each role
// does: with the mouse's way, with the keyboard alone, and without any script. On
// every page it looks for what nobody would see in a handler's test: what the
// policy or the console complains of, requests to other hosts, weight, and what
// axe-core finds wrong for people who do not see or point.
//
// The tests have the build tag "browser": run "make test-browser". They need
// Chromium (Debian: apt-get install chromium) and, for axe-core, npm; where one
// is missing they say so and skip. With BROWSER_SHOTS=folder every page that is
// looked at is photographed into that folder.
package browser
